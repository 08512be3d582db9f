# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of cli/bench.py: what it refuses, its table, and one real short run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

pytest.importorskip('typer')

from rich.console import Console
from typer.testing import CliRunner

from depth_anything_ros.cli.app import app
from depth_anything_ros.cli.bench import run_table, write_plot
from depth_anything_ros.evaluation.run_report import COUNTERS, Answer, Run

CODE = 'import sys; from depth_anything_ros.cli.main import main; sys.exit(main())'
STAGES = {'wait', 'decode', 'inference', 'publish', 'preprocess', 'network', 'postprocess'}


def a_run(rate=10.0):
    sent = [number * int(1e9 / rate) for number in range(1, 9)]
    answers = {'': [Answer(stamp, stamp + 20_000_000, stamp + 21_000_000) for stamp in sent]}
    counts = {**dict.fromkeys(COUNTERS, 0), 'received': 8, 'published': 8}
    resources = {'cpu_percent': None, 'rss_peak_mb': 123.0, 'gpu_mb': None}
    return {
        **Run(rate, sent, answers, counts).report(),
        **resources,
        'stages_ms': {'decode': {'p50': 0.25, 'p99': 0.5}},
    }


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--size', '640'], 'WIDTHxHEIGHT'),
        (['--size', '0x480'], 'WIDTHxHEIGHT'),
        (['--rates', '10,fast'], '--rates'),
        (['--rates', '-5'], '--rates'),
        (['--encoding', 'png'], 'rgb8, bgr8'),
        (['--overload', '10', '--cameras', '2'], 'one camera'),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments, message):
    result = CliRunner().invoke(app, ['bench', *arguments])
    assert result.exit_code == 2
    assert message in re.sub(r'[│\s]+', ' ', result.stderr)


def test_the_table_has_a_column_for_each_run_and_a_dash_for_what_is_not_known():
    console = Console(width=100, record=True, file=open(os.devnull, 'w'))  # noqa: SIM115
    console.print(run_table([a_run(10.0), a_run(20.0)]))
    rows = {
        cells[0].strip(): [cell.strip() for cell in cells[1:]]
        for line in console.export_text().splitlines()
        if len(cells := line.strip('│┃').replace('┃', '│').split('│')) == 3
    }
    assert rows[''] == ['10 Hz', '20 Hz'] and rows['age p99, ms'] == ['20', '20']
    assert rows['decode p50, ms'] == ['0.25', '0.25'] and rows['CPU, %'] == ['-', '-']
    assert 'GPU memory, MB' not in rows


def test_the_plot_can_be_read(tmp_path):
    results = {
        'search': {'probes': [a_run(5.0)], 'highest_hz': 7.0},
        'runs': [a_run(10.0)],
        'settings': {'size': '64x48', 'encoding': 'rgb8'},
        'machine': {'processor': 'any'},
    }
    write_plot(results, tmp_path / 'new' / 'plot.png')
    assert cv2.imread(str(tmp_path / 'new' / 'plot.png')).std() > 5


@pytest.mark.parametrize('cameras', [1, 2])
def test_a_short_run_accounts_for_every_frame(tmp_path, cameras):
    pytest.importorskip('rclpy')
    (tmp_path / 'in').mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    assert cv2.imwrite(str(tmp_path / 'in' / '0.png'), pixels)
    command = [
        *(sys.executable, '-c', CODE, 'bench', '--no-search', '--model', 'nano'),
        *('--input-size', '28', '--size', '64x48', '--source', str(tmp_path / 'in')),
        *('--rates', '8', '--seconds', '1.5', '--cameras', str(cameras)),
        *('--param', 'device:=cpu', '--param', 'output_size:=network'),
        *('--output', str(tmp_path / 'r.json'), '--plot', str(tmp_path / 'r.png'), '--json'),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / 'r.json').read_text())
    assert json.loads(done.stdout) == results
    (run,) = results['runs']
    frames = run['frames']
    assert frames['add_up'] and frames['sent'] == 12 * cameras
    assert frames['sent'] == frames['lost_before_node'] + sum(frames[n] for n in COUNTERS[1:])
    assert frames['published'] == frames['heard'] + frames['lost_after_node'] > 0
    assert run['node']['model'] == 'nano' and run['node']['device'] == 'cpu'
    assert set(run['stages_ms']) == STAGES
    assert 0 < run['age_ms']['p50'] <= run['age_ms']['p99'] <= run['age_ms']['max']
    assert results['settings']['cameras'] == cameras and results['machine']['processor']
    assert cv2.imread(str(tmp_path / 'r.png')) is not None


def test_a_node_that_cannot_start_is_one_line(tmp_path):
    pytest.importorskip('rclpy')
    assert cv2.imwrite(str(tmp_path / '0.png'), np.zeros((48, 64, 3), np.uint8))
    command = [
        *(sys.executable, '-c', CODE, 'bench', '--no-search', '--size', '64x48'),
        *('--source', str(tmp_path), '--model', str(tmp_path / 'none.safetensors')),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith('error: depth_node ended')
