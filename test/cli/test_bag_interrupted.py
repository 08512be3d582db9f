# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything bag` in a process of its own: begun anew, without room, where it may not read."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytest.importorskip('typer')
pytest.importorskip('rosbags')

import bag_making as making  # noqa: E402

SLOW = """
import sys, time
from depth_anything_ros import DepthEstimator
from depth_anything_ros.cli.main import main
whole, delay = DepthEstimator.estimate_batch, float(sys.argv.pop(1))
def slow(self, *arguments):
    print('begun', file=sys.stderr, flush=True)
    time.sleep(delay)
    return whole(self, *arguments)
DepthEstimator.estimate_batch = slow
sys.exit(main())
"""
OPTIONS = ('--device', 'cpu', '--precision', 'float32', '--input-size', '42')


def started(delay, source, target):
    arguments = ['bag', str(source), str(target), *OPTIONS]
    return subprocess.Popen(
        [sys.executable, '-c', SLOW, str(delay), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )


def contents(path):
    """Return the content of a bag's files by name; the folder's own name is in some."""
    found = [path] if path.is_file() else sorted(path.iterdir())
    stem = path.stem.encode()
    return {
        file.name.replace(path.stem, 'bag'): file.read_bytes().replace(stem, b'bag')
        for file in found
    }


@pytest.mark.parametrize(('form', 'number'), [('mcap', signal.SIGINT), ('ros1', signal.SIGKILL)])
def test_the_same_command_again_makes_the_bag_of_an_undisturbed_run(form, number, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(12))
    suffix = making.FORMATS[form]
    whole, target = tmp_path / f'aaa{suffix}', tmp_path / f'bbb{suffix}'
    with started(0.0, source, whole) as run:
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 0, errors

    with started(0.5, source, target) as run:
        assert any(line.startswith('begun') for line in run.stderr)
        run.send_signal(number)
        run.communicate(timeout=120)
    assert run.returncode == (130 if number == signal.SIGINT else -number)
    assert not target.exists()

    with started(0.0, source, target) as run:
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 0, errors
    assert contents(target) == contents(whole)


IN_A_CHILD = """
import os, resource, sys
import typer.rich_utils
from typer.testing import CliRunner
from depth_anything_ros import DepthEstimator
from depth_anything_ros.cli import bag
from depth_anything_ros.cli.app import app

nano = DepthEstimator('nano', device='cpu', precision='float32', input_size=42)
bag.load_estimator = lambda *choices: nano

def call(*arguments):
    result = CliRunner().invoke(app, ['bag', *arguments])
    if not isinstance(result.exception, (SystemExit, type(None))):
        raise result.exception
    return f'{result.exit_code} ' + (result.stdout + result.stderr).replace(chr(10), '|')

os.chdir(sys.argv[1])
assert call('in', 'before').startswith('0')  # all is imported now
"""

AS_NOBODY = """
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for arguments in (('hidden', 'out/a'), ('closed.mcap', 'out/b'), ('in', 'locked/c')):
    print(call(*arguments))
"""

WITHOUT_ROOM = """
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
for name in ('a', 'b.db3', 'c.bag'):
    print(call('in', name))
"""


def in_a_child(folder, what):
    run = subprocess.run(
        [sys.executable, '-c', IN_A_CHILD + what, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def test_what_may_not_be_read_or_written_is_named():
    """As a user who is not root: root may do all of it."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        for folder in ('in', 'hidden'):
            making.write_bag(root / folder, making.drive(1))
        (root / 'closed.mcap').write_bytes(next((root / 'in').glob('*.mcap')).read_bytes())
        (root / 'closed.mcap').chmod(0)
        (root / 'hidden').chmod(0)
        (root / 'out').mkdir()
        (root / 'out').chmod(0o777)
        (root / 'locked').mkdir()
        (root / 'locked').chmod(0o555)
        try:
            told = in_a_child(root, AS_NOBODY)
        finally:
            for folder in ('hidden', 'locked'):  # so that they can be removed
                (root / folder).chmod(0o755)
        for line, place in zip(told, ('hidden', 'closed.mcap', 'locked/c'), strict=True):
            assert line.startswith('1 error: ') and place in line and 'ermission' in line, line
        assert [*(root / 'out').iterdir()] == [*(root / 'locked').iterdir()] == []


def test_a_bag_that_cannot_grow_leaves_nothing(tmp_path):
    making.write_bag(tmp_path / 'in', making.drive(12))

    told = in_a_child(tmp_path, WITHOUT_ROOM)

    for line, name in zip(told, ('a', 'b.db3', 'c.bag'), strict=True):
        assert line.startswith(f'1 error: {name} cannot be written: '), line
    assert sorted(path.name for path in tmp_path.iterdir()) == ['before', 'in']
