# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/clip_stream.py, clip_camera.py and clip_open.py."""

import http.server
import socket
import threading
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from clip_making import Brightness, make_video, times_of

from depth_anything_ros.media.clip_camera import CameraClip
from depth_anything_ros.media.clip_file import FileClip
from depth_anything_ros.media.clip_files import FORMATS
from depth_anything_ros.media.clip_items import ClipError, ClipFrame, Cut, SoundPacket
from depth_anything_ros.media.clip_open import open_clip
from depth_anything_ros.media.clip_run import ClipOptions, ClipRun, Target
from depth_anything_ros.media.clip_stream import StreamClip
from depth_anything_ros.media.frames import Frame, Source, SourceError


@pytest.fixture
def stream(tmp_path):
    """Serve files one after the other, one a connection; then nobody answers."""
    servers = []

    def serve(*contents):
        server = socket.create_server(('127.0.0.1', 0))
        servers.append(server)

        def answer():
            for content in contents:
                connection, _ = server.accept()
                with connection:
                    connection.sendall(content)
            server.close()

        threading.Thread(target=answer, daemon=True).start()
        return f'tcp://127.0.0.1:{server.getsockname()[1]}'

    yield serve
    for server in servers:
        server.close()


def mpegts(tmp_path, frames=30, size=(64, 48), sound='aac', name='a.ts'):
    path = make_video(tmp_path / name, frames, size, sound=sound, container_format='mpegts')
    return path.read_bytes()


def test_a_stream_that_breaks_off_is_asked_for_again(tmp_path, stream):
    content, said = mpegts(tmp_path), []
    address = stream(content, content)
    clip = StreamClip(address, Cut(), pauses=(0.0, 0.0), say=said.append)

    items = list(clip)

    times = [i.pts * clip.facts.time_base for i in items if isinstance(i, ClipFrame)]
    assert len(times) == 60 and times[0] == 0
    assert all(b > a for a, b in zip(times, times[1:], strict=False))
    assert times[29] == pytest.approx(29 / 25, abs=1e-4) and times[30] > times[29]
    assert clip.damage.ended.startswith('it broke off and did not come back')
    assert len(clip.damage.notes) == 1
    assert 'attempt 1 of 2' in said[0] and 'attempt 2 of 2' in said[-1]
    sounds = [float(i.pts * i.time_base) for i in items if isinstance(i, SoundPacket)]
    assert max(sounds) > 1.5 and min(sounds) > -0.1
    clip.release()


def test_a_stream_that_comes_back_otherwise_is_fitted(tmp_path, stream):
    address = stream(mpegts(tmp_path), mpegts(tmp_path, size=(96, 64), sound=None, name='b.ts'))
    clip = StreamClip(address, Cut(), pauses=(0.0,), pictures=True)

    frames = [i for i in clip if isinstance(i, ClipFrame)]

    assert len(frames) == 60
    assert {frame.rgb.shape for frame in frames} == {(48, 64, 3)}
    assert {frame.planes[1].shape for frame in frames} == {(24, 32)}
    clip.release()


def test_a_recording_of_a_stream_is_cut_and_has_sound(tmp_path, stream):
    clip = StreamClip(stream(mpegts(tmp_path, 60)), Cut(start=0.4, end=1.6), pauses=())
    run = ClipRun(Brightness(), clip, [Target(FORMATS['color'], tmp_path / 'x.mp4')], ClipOptions())

    result = run()

    times = times_of(tmp_path / 'x.mp4')
    assert result.frames == len(times) == 30
    assert [float(t) for t in times] == pytest.approx([i / 25 for i in range(30)], abs=1e-4)
    with FileClip(str(tmp_path / 'x.mp4'))._container as container:
        assert len(container.streams.audio) == 1


def test_no_stream_at_all_is_an_error(stream):
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ClipError, match='cannot be opened'):
        StreamClip(f'tcp://127.0.0.1:{port}', Cut())


def test_closing_ends_the_wait_for_a_stream(tmp_path, stream):
    clip = StreamClip(stream(mpegts(tmp_path)), Cut(), pauses=(600.0,))
    clip._say = lambda text: clip.close()

    assert len([i for i in clip if isinstance(i, ClipFrame)]) == 30
    clip.release()


def test_a_file_at_an_address_has_an_end(tmp_path):
    make_video(tmp_path / 'a.mp4', 20, options={'movflags': 'faststart'})
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        clip = open_clip(f'http://127.0.0.1:{server.server_port}/a.mp4')
        frames = list(clip)
        clip.release()
    finally:
        server.shutdown()
        server.server_close()

    assert isinstance(clip, FileClip) and not clip.facts.live
    assert len(frames) == clip.facts.frames == 20


class Camera(Source):
    """Gives frames until it is closed, or breaks after some."""

    live = True

    def __init__(self, count):
        super().__init__('cam', 30.0)
        self._count, self.closed = count, False

    def __iter__(self):
        for index in range(self._count):
            if self.closed:
                return
            yield Frame(np.full((24, 32, 3), index, np.uint8), None, f'cam#{index}', None)
        raise SourceError('is it still plugged in?')

    def close(self):
        self.closed = True


def ticking(seconds):
    at = iter(seconds)
    return lambda: next(at)


def test_a_camera_s_frames_have_the_times_at_which_they_came():
    seconds = [10.0, 10.0, 10.04, 10.1, 10.1, 10.2]
    clip = CameraClip('0', Cut(), True, Camera(5), ticking(seconds))

    frames = list(clip)

    times = [float(frame.pts * clip.facts.time_base) for frame in frames]
    assert times == pytest.approx([0, 0.04, 0.1, 0.1, 0.2], abs=2e-5)
    assert len({frame.pts for frame in frames}) == 5
    assert [frame.rgb[0, 0, 0] for frame in frames] == [0, 1, 2, 3, 4]
    assert clip.facts.live and clip.facts.rate == Fraction(30)
    assert 'plugged in' in clip.damage.ended


def test_a_camera_is_cut_by_time_and_number():
    seconds = [0.0, *(0.1 * i for i in range(100))]
    clip = CameraClip(
        '0', Cut(start=1.0, stride=2, max_frames=3), False, Camera(99), ticking(seconds)
    )
    times = [float(clip.facts.shifted(f.pts) * clip.facts.time_base) for f in clip]
    assert times == pytest.approx([0, 0.2, 0.4], abs=1e-4)

    clip = CameraClip('0', Cut(end=0.95), False, Camera(99), ticking(seconds))
    assert len(list(clip)) == 10
    clip.close()


def test_a_camera_that_is_not_there_is_said():
    with pytest.raises(SourceError, match='no camera|cannot open'):
        open_clip('97')
