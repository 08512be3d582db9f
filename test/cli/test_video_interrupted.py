# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything video` in a process of its own: stopped, without room, where it may not read."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

pytest.importorskip('typer')
pytest.importorskip('av')

import clip_making  # noqa: E402
from clip_making import make_video  # noqa: E402

COMMAND = """
import sys
from depth_anything_ros.cli.main import main
sys.exit(main())
"""
FORMATS = 'color,side,ffv1,npz'
OPTIONS = ('--device', 'cpu', '--precision', 'float32', '--input-size', '28', '-f', FORMATS)


def started(source, output, *options):
    arguments = ['video', str(source), '-o', str(output), *OPTIONS, *options]
    return subprocess.Popen(
        [sys.executable, '-c', COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )


def files(folder):
    """Return the content of every file by its name, but for the journal."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file() and path.name != 'depth_anything_video.jsonl'
    }


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp('in')
    make_video(folder / '1.mp4', 5, sound='aac')
    make_video(folder / '2.mp4', 300, (128, 96), sound='aac')
    make_video(folder / '3.mkv', 4)
    return folder


@pytest.fixture(scope='module')
def undisturbed(videos, tmp_path_factory):
    output = tmp_path_factory.mktemp('undisturbed')
    run = started(videos, output)
    told, errors = run.communicate(timeout=200)
    assert run.returncode == 0, told + errors
    return files(output)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_and_goes_on_makes_the_same_files(
    videos, undisturbed, tmp_path, number
):
    output = tmp_path / 'out'
    run = started(videos, output)
    limit = time.monotonic() + 120
    while not (output / '.2_npz.part/000010.npz').exists() and time.monotonic() < limit:
        assert run.poll() is None, run.communicate()
        time.sleep(0.002)
    run.send_signal(number)
    told, errors = run.communicate(timeout=120)
    if number == signal.SIGINT:
        assert run.returncode == 130, told + errors
        assert '--resume' in errors and 'Traceback' not in errors
        assert {name[0] for name in files(output)} == {'1'}

    run = started(videos, output, '--resume')
    told, errors = run.communicate(timeout=200)

    assert run.returncode == 0, told + errors
    made = files(output)
    assert made.keys() == undisturbed.keys()
    assert [name for name in made if made[name] != undisturbed[name]] == []


IN_A_CHILD = """
import os, resource, sys
sys.path.insert(0, sys.argv[2])
from typer.testing import CliRunner
from clip_making import Brightness
from depth_anything_ros.cli import video
from depth_anything_ros.cli.app import app

video.load_estimator = lambda *choices: Brightness()

def call(*arguments):
    result = CliRunner().invoke(app, ['video', *arguments])
    return f'{result.exit_code} ' + (result.stdout + result.stderr).replace(chr(10), '|')

os.chdir(sys.argv[1])
call('in/b.mp4', '-o', 'before')  # all is imported now
"""

AS_NOBODY = """
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for arguments in (['in', '-o', 'out'], ['in/b.mp4', '-o', 'locked/out'], ['hidden', '-o', 'out']):
    print(call(*arguments))
"""

WITHOUT_ROOM = """
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
for form in ('color', 'ffv1', 'npz'):
    print(call('in', '-o', 'out', '-f', form))
"""


def in_a_child(folder, what):
    run = subprocess.run(
        [sys.executable, '-c', IN_A_CHILD + what, str(folder), Path(clip_making.__file__).parent],
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
        for folder in ('in/below', 'out', 'locked', 'hidden'):
            (root / folder).mkdir(parents=True)
        for path in ('in/a.mp4', 'in/b.mp4', 'hidden/c.mp4'):
            make_video(root / path, 2)
        (root / 'in/a.mp4').chmod(0)
        (root / 'out').chmod(0o777)
        (root / 'locked').chmod(0o555)
        for folder in ('hidden', 'in/below'):
            (root / folder).chmod(0)
        try:
            unread, unwritten, unlisted = in_a_child(root, AS_NOBODY)
        finally:
            for folder in ('hidden', 'locked', 'in/below'):  # so that they can be removed
                (root / folder).chmod(0o755)
        assert unread.startswith('1 ') and 'in/a.mp4: it cannot be opened: Permission' in unread
        assert 'in/below: cannot be listed: Permission denied' in unread
        assert files(root / 'out').keys() == {'b_depth.mp4'}
        assert unwritten.startswith('1 ') and 'locked/out cannot be written' in unwritten
        assert unlisted == '1 error: hidden: cannot be listed: Permission denied|'


def test_a_file_that_cannot_grow_leaves_nothing(tmp_path):
    make_video(tmp_path / 'in/a.mp4', 30, (320, 240))
    make_video(tmp_path / 'in/b.mp4', 1, (16, 16))

    told = in_a_child(tmp_path, WITHOUT_ROOM)

    for line in told:
        assert line.startswith('1 1 written') and '1 failed' in line, line
        assert 'in/a.mp4: ' in line and 'File too large' in line, line
    names = {'b_depth.mp4', 'b_depth16.mkv', 'b_depth16.jsonl', 'b_npz/000000.npz'}
    assert files(tmp_path / 'out').keys() == names
