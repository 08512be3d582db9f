# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything image` in a process of its own: stopped by signals, and where it may not read."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('typer')

from depth_anything_ros.media.run_journal import read_journal  # noqa: E402

COUNT = 60
COMMAND = 'import sys; from depth_anything_ros.cli.main import main; sys.exit(main())'
OPTIONS = ('--device', 'cpu', '--precision', 'float32', '--input-size', '126', '-f', 'npy,color')


def started(source, output, *options):
    arguments = ['image', str(source), '-o', str(output), *OPTIONS, *options]
    return subprocess.Popen(
        [sys.executable, '-c', COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def files(folder):
    """Return the content of every file by its name, but for the journal."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file() and path.suffix != '.jsonl'
    }


@pytest.fixture(scope='module')
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp('in')
    rng = np.random.default_rng(3)
    for index in range(COUNT):
        small = rng.integers(0, 255, (6, 8, 3), np.uint8)
        (folder / f'{index % 3}').mkdir(exist_ok=True)
        cv2.imwrite(
            str(folder / f'{index % 3}/{index}.png'),
            cv2.resize(small, (160, 120), interpolation=cv2.INTER_CUBIC),
        )
    return folder


@pytest.fixture(scope='module')
def undisturbed(pictures, tmp_path_factory):
    output = tmp_path_factory.mktemp('undisturbed')
    run = started(pictures, output)
    told, errors = run.communicate(timeout=200)
    assert run.returncode == 0, told + errors
    return files(output)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_and_goes_on_makes_the_same_files(
    pictures, undisturbed, tmp_path, number
):
    output = tmp_path / 'out'
    run = started(pictures, output)
    limit = time.monotonic() + 120
    while len(read_journal(output).finished) < 5 and time.monotonic() < limit:
        assert run.poll() is None, run.communicate()
        time.sleep(0.005)
    run.send_signal(number)
    told, errors = run.communicate(timeout=120)
    if number == signal.SIGINT:
        assert run.returncode == 130, told + errors
        assert '--resume' in errors and 'Traceback' not in errors
    whole = {name: content for name, content in files(output).items() if name in undisturbed}
    assert 5 <= len([name for name in whole if name.endswith('.npy')]) < COUNT
    assert all(content == undisturbed[name] for name, content in whole.items())

    run = started(pictures, output, '--resume')
    told, errors = run.communicate(timeout=200)

    assert run.returncode == 0, told + errors
    before = int(told.split(' done before')[0].split()[-1])
    assert 5 <= before < COUNT and told.startswith(f'{COUNT - before} written')
    made = files(output)
    if number == signal.SIGKILL:  # what was being written then has a name of its own, hidden
        made = {name: made[name] for name in made if not Path(name).name.startswith('.')}
    assert made.keys() == undisturbed.keys()
    assert made == undisturbed


def test_ctrl_c_ends_a_wait_for_standard_input(tmp_path):
    run = started('-', tmp_path / 'out')
    try:
        limit = time.monotonic() + 120
        while not read_journal(tmp_path / 'out').settings and time.monotonic() < limit:
            assert run.poll() is None, run.communicate()
            time.sleep(0.02)
        time.sleep(0.5)  # so that it waits
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=60) == 130
        assert run.stderr.read() == 'interrupted: --resume goes on from here\n'
    finally:
        run.kill()
        run.communicate()


AS_NOBODY = """
import os, sys
import numpy as np
from typer.testing import CliRunner
from depth_anything_ros.cli import image
from depth_anything_ros.cli.app import app
from depth_anything_ros.depth import Depth, DepthKind

class Flat:
    kind, max_depth, device, input_size = DepthKind.RELATIVE, None, 'cpu', 14
    def estimate_batch(self, pictures):
        return [Depth(np.ones(p.shape[:2], np.float32), self.kind, (14, 14)) for p in pictures]

image.load_estimator = lambda *choices: Flat()
call = lambda *arguments: CliRunner().invoke(app, ['image', *arguments, '-f', 'npy'])
os.chdir(sys.argv[1])
assert call('in/b.png', '-o', 'before').exit_code == 0  # all is imported now
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for arguments in (['in', '-o', 'out'], ['in/b.png', '-o', 'locked/out'], ['hidden', '-o', 'out']):
    result = call(*arguments)
    print(result.exit_code, (result.stdout + result.stderr).replace(chr(10), '|'))
"""


def test_what_may_not_be_read_or_written_is_named():
    """As a user who is not root: root may do all of it."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        for folder in ('in/below', 'out', 'locked', 'hidden'):
            (root / folder).mkdir(parents=True)
        for picture in ('in/a.png', 'in/b.png', 'hidden/c.png'):
            cv2.imwrite(str(root / picture), np.zeros((20, 30, 3), np.uint8))
        (root / 'in/a.png').chmod(0)
        (root / 'locked').chmod(0o555)
        (root / 'hidden').chmod(0)
        (root / 'in/below').chmod(0)
        (root / 'out').chmod(0o777)
        try:
            run = subprocess.run(
                [sys.executable, '-c', AS_NOBODY, name], capture_output=True, text=True, timeout=120
            )
        finally:
            for folder in ('hidden', 'locked', 'in/below'):  # so that they can be removed
                (root / folder).chmod(0o755)
        assert run.returncode == 0, run.stderr
        unread, unwritten, unlisted = run.stdout.splitlines()
        assert unread.startswith('1 1 written to out') and '1 failed' in unread
        assert 'in/a.png: it cannot be read: Permission denied' in unread
        assert 'in/below: cannot be listed: Permission denied' in unread
        assert unwritten.startswith('1 ') and 'locked/out cannot be written' in unwritten
        assert unlisted == '1 error: hidden: cannot be listed: Permission denied|'
        assert os.path.isfile(root / 'out/b_depth.npy')
