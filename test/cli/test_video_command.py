# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for `depth-anything video` and media/video_run.py."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

typer_testing = pytest.importorskip('typer.testing')
av_logging = pytest.importorskip('av.logging')

from clip_making import make_video, times_of  # noqa: E402

from depth_anything_ros.cli.app import app  # noqa: E402
from depth_anything_ros.media import clip_mp4  # noqa: E402

RUNNER = typer_testing.CliRunner()
SMALL = ('--input-size', '28', '--precision', 'float32')


@pytest.fixture
def folder(tmp_path):
    for index, name in enumerate(('a/1.mp4', 'b/1.mp4', 'b/2.mkv')):
        make_video(tmp_path / 'in' / name, 5 + index, rate='30000/1001')
    (tmp_path / 'in/notes.md').write_text('none')
    return tmp_path / 'in'


def call(*arguments):
    return RUNNER.invoke(app, ['video', *map(str, arguments), *SMALL])


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob('*') if p.is_file())


def test_a_folder_of_videos_becomes_a_folder_of_depth(folder, tmp_path):
    out = tmp_path / 'out'

    result = call(folder, '-o', out, '-f', 'color,ffv1', '--json')

    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert [video['frames'] for video in summary['videos']] == [5, 6, 7]
    assert (summary['frames'], summary['ignored'], summary['failed']) == (18, 1, {})
    names = ('a/1', 'b/1', 'b/2')
    suffixes = ('_depth.mp4', '_depth16.jsonl', '_depth16.mkv')
    wanted = sorted([*(f'{n}{s}' for n in names for s in suffixes), 'depth_anything_video.jsonl'])
    assert files(out) == wanted
    assert times_of(out / 'a/1_depth.mp4') == [Fraction(1001 * i, 30000) for i in range(5)]


def test_going_on_does_what_is_missing_and_nothing_else(folder, tmp_path):
    out = tmp_path / 'out'
    call(folder, '-o', out, '-f', 'color,npz')
    (out / 'a/1_depth.mp4').write_bytes(b'cut')
    (out / 'b/1_npz/000003.npz').unlink()

    result = call(folder, '-o', out, '-f', 'color,npz', '--resume', '--json')

    summary = json.loads(result.stdout)
    assert summary['done_before'] == 1 and summary['frames'] == 11
    assert len(times_of(out / 'a/1_depth.mp4')) == 5 and (out / 'b/1_npz/000003.npz').exists()

    # Other settings are other results.
    result = call(folder, '-o', out, '-f', 'color', '--resume', '--json', '--stride', '2')
    assert json.loads(result.stdout)['done_before'] == 0


def test_what_fails_is_named_and_stops_nothing(folder, tmp_path):
    (folder / 'a/0.mp4').write_bytes(b'no video')

    result = call(folder, tmp_path / 'none.mp4', '-o', tmp_path / 'out', '--json')

    summary = json.loads(result.stdout)
    assert result.exit_code == 1 and len(summary['videos']) == 3
    assert list(summary['failed']) == [str(folder / 'a/0.mp4')]
    assert summary['missing'] == {str(tmp_path / 'none.mp4'): 'no such file or folder'}


def test_a_damaged_video_keeps_what_is_whole_and_is_told(tmp_path):
    options = {'movflags': 'faststart'}
    whole = make_video(tmp_path / 'w.mp4', 100, (320, 240), options=options).read_bytes()
    (tmp_path / 'cut.mp4').write_bytes(whole[: len(whole) // 2])

    result = call(tmp_path / 'cut.mp4', '-o', tmp_path / 'out', '--json')

    summary = json.loads(result.stdout)
    assert result.exit_code == 1
    reason = summary['failed'][str(tmp_path / 'cut.mp4')]
    assert 'cut short' in reason and 'frames were written' in reason
    count = len(times_of(tmp_path / 'out/cut_depth.mp4'))
    assert 10 < count < 90 and summary['videos'][0]['frames'] == count


def test_ffmpeg_never_waits_for_python(tmp_path):
    # With a level PyAV hands FFmpeg's lines to Python. A decoder's thread with such a line waits
    # for Python's lock; if the thread that has it is letting that decoder go, both wait for ever.
    (tmp_path / 'no.mp4').write_bytes(b'no video')

    call(tmp_path / 'no.mp4', '-o', tmp_path / 'out')

    assert av_logging.get_level() is None


def test_a_full_disk_ends_the_run(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(clip_mp4, '_video_stream', full)

    result = call(folder, '-o', tmp_path / 'out', '--json')

    assert result.exit_code == 1 and 'takes no more files: No space left' in result.output
    assert list(json.loads(result.stdout)['failed']) == [str(folder / 'a/1.mp4')]
    assert files(tmp_path / 'out') == ['depth_anything_video.jsonl']


@pytest.mark.parametrize(
    'arguments',
    [
        ('-f', 'png'),
        ('--start', '5', '--end', '4'),
        ('--start', 'soon'),
        ('--temporal', '1'),
        ('--scale', '0', '0'),
        ('--colormap', 'none'),
        ('--scale16', '-1'),
        ('--stride', '0'),
        ('--quality', '99'),
        ('--max-jump', '-1'),
        ('--max-jump', '0.1'),  # disparity
    ],
)
def test_wrong_usage_is_said(folder, tmp_path, arguments):
    result = call(folder / 'a/1.mp4', '-o', tmp_path / 'out', *arguments)

    assert result.exit_code == 2 and not (tmp_path / 'out').exists()


def test_nothing_to_do_is_an_error(tmp_path):
    assert call(tmp_path / 'none.mp4').exit_code == 1
    assert call(tmp_path, '-o', tmp_path / 'out').exit_code == 1


def test_times_are_read_as_people_write_them(folder, tmp_path):
    path = make_video(tmp_path / 'long.mp4', 20, (32, 24), rate=1)

    result = call(path, '-o', tmp_path / 'out', '--start', '0:00:05', '--end', '0:12', '--json')

    assert json.loads(result.stdout)['frames'] == 7
    assert times_of(tmp_path / 'out/long_depth.mp4') == list(range(7))


def test_pictures_of_a_video_are_those_of_the_image_command(tmp_path):
    path = make_video(tmp_path / 'a.mkv', 2, codec='ffv1', pix_fmt='bgr0')
    call(path, '-o', tmp_path / 'out', '-f', 'npz')

    import av
    import cv2

    with av.open(str(path)) as container:
        rgb = next(container.decode(video=0)).to_ndarray(format='rgb24')
    cv2.imwrite(str(tmp_path / 'p.png'), rgb[..., ::-1])
    arguments = ['image', str(tmp_path / 'p.png'), '-o', str(tmp_path / 'out'), '-f', 'npy']
    RUNNER.invoke(app, [*arguments, *SMALL])

    ours = np.load(tmp_path / 'out/a_npz/000000.npz')['depth']
    assert np.allclose(ours, np.load(tmp_path / 'out/p_depth.npy'), atol=1e-4)


def start(*arguments):
    code = 'from depth_anything_ros.cli.main import main; main()'
    command = [sys.executable, '-c', code, 'video', *map(str, arguments), *SMALL]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, 'it did not come'
        time.sleep(0.02)


def test_ctrl_c_leaves_whole_files_and_resume_goes_on(tmp_path):
    make_video(tmp_path / 'in/1.mp4', 5)
    make_video(tmp_path / 'in/2.mp4', 3000, (320, 240), gop=250)
    out = tmp_path / 'out'
    process = start(tmp_path / 'in', '-o', out, '-f', 'color,npz')
    wait_for(lambda: (out / '.2_npz.part/000010.npz').exists() or process.poll() is not None)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 130 and '--resume goes on' in errors
    assert {p.name for p in out.iterdir()} == {
        '1_depth.mp4',
        '1_npz',
        'depth_anything_video.jsonl',
    }
    result = call(tmp_path / 'in/1.mp4', '-o', out, '-f', 'color,npz', '--resume', '--json')
    assert json.loads(result.stdout)['done_before'] == 1


def test_ctrl_c_ends_a_recording_with_a_whole_file(tmp_path):
    content = make_video(tmp_path / 'a.ts', 50, (320, 240), sound='aac').read_bytes()
    out = tmp_path / 'out'
    with socket.create_server(('127.0.0.1', 0)) as server:
        address = f'tcp://127.0.0.1:{server.getsockname()[1]}'
        process = start(address, '-o', out, '-f', 'color,npz', '--json')
        connection, _ = server.accept()
        with connection:
            connection.sendall(content)
            wait_for(lambda: list(out.glob('.*npz.part/000010.npz')) or process.poll() is not None)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)

    assert process.returncode == 0, errors
    video = json.loads(output)['videos'][0]
    film, folder = map(Path, video['outputs'])
    assert len(times_of(film)) == len(list(folder.iterdir())) == video['frames'] >= 10
    assert re.fullmatch(r'video_\d{8}-\d{6}_depth.mp4', film.name)


def test_a_list_names_videos(folder, tmp_path):
    (tmp_path / 'list.txt').write_text(f'{folder}/a/1.mp4\n\n{folder}/b/2.mkv\n')

    result = call(tmp_path / 'list.txt', '-o', tmp_path / 'out', '--json')

    assert result.exit_code == 0 and len(json.loads(result.stdout)['videos']) == 2


def test_an_old_pyav_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.setattr('av.__version__', '16.0.1')

    result = call(folder, '-o', tmp_path / 'out')

    assert result.exit_code == 1 and 'needs av 17.1 or newer, here is 16.0.1' in result.output


def test_help_tells_every_option():
    result = RUNNER.invoke(app, ['video', '--help'], env={'COLUMNS': '200', 'TERM': 'dumb'})
    for option in (
        '--start',
        '--stride',
        '--temporal',
        '--max-jump',
        '--resume',
        '--no-audio',
        '--json',
    ):
        assert option in result.output
