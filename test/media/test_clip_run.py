# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/clip_run.py, clip_mp4.py, clip_sound.py and clip_files.py."""

import errno
import threading
import time
import tracemalloc
import weakref
from fractions import Fraction

import av
import numpy as np
import pytest
from clip_making import Brightness, frames_of, make_video, picture, times_of

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media import clip_files, clip_mp4, clip_run
from depth_anything_ros.media.clip_file import FileClip
from depth_anything_ros.media.clip_files import FORMATS, ClipFormat
from depth_anything_ros.media.clip_items import ClipError, ClipFacts, ClipFrame, Cut, Damage
from depth_anything_ros.media.clip_run import ClipOptions, ClipRun, Target
from depth_anything_ros.media.picture_depth import DepthOptions

ALL = tuple(FORMATS)


def run(source, folder, names=('color',), cut=None, estimator=None, options=None, **arguments):
    pictures = any(FORMATS[name].pictures for name in names)
    clip = source if not hasattr(source, 'suffix') else FileClip(str(source), cut, pictures)
    folder.mkdir(exist_ok=True)
    targets = [Target(FORMATS[name], folder / f'x{FORMATS[name].suffix}') for name in names]
    made = ClipRun(estimator or Brightness(), clip, targets, options or ClipOptions(), **arguments)
    return made()


@pytest.mark.parametrize('rate', ['30000/1001', '25', '24000/1001'])
def test_every_format_has_all_frames_at_their_times(tmp_path, rate):
    path = make_video(tmp_path / 'a.mp4', 9, rate=rate, sound='aac')

    result = run(path, tmp_path / 'out', ALL)

    assert result.frames == 9
    wanted = [Fraction(i) / Fraction(rate) for i in range(9)]
    for name in ('depth', 'side', 'gray'):
        file = tmp_path / f'out/x_{name}.mp4'
        assert times_of(file) == wanted
        with av.open(str(file)) as container:
            stream = container.streams.video[0]
            context = stream.codec_context
            assert (context.name, context.pix_fmt) == ('h264', 'yuv420p')
            assert context.colorspace == context.color_primaries == context.color_trc == 1
            assert context.color_range == 1 and stream.average_rate == Fraction(rate)
            assert len(container.streams.audio) == 1
        content = file.read_bytes()
        assert content.index(b'moov') < content.index(b'mdat')
    assert len(frames_of(tmp_path / 'out/x_depth16.mkv', None)) == 9
    assert len(list((tmp_path / 'out/x_npz').iterdir())) == 9
    assert not [p for p in (tmp_path / 'out').iterdir() if p.name.startswith('.')]


def test_a_variable_rate_stays_variable(tmp_path):
    pts = [0, 33, 66, 200, 210, 400, 1000]
    path = make_video(tmp_path / 'a.mkv', pts=pts, time_base='1/1000')

    run(path, tmp_path / 'out')

    assert times_of(tmp_path / 'out/x_depth.mp4') == [Fraction(p, 1000) for p in pts]


def test_a_video_that_begins_late_begins_late(tmp_path):
    path = make_video(tmp_path / 'a.mp4', pts=range(50, 60))

    run(path, tmp_path / 'out')

    assert times_of(tmp_path / 'out/x_depth.mp4') == [Fraction(p, 25) for p in range(50, 60)]


def test_a_cut_begins_at_zero(tmp_path):
    path = make_video(tmp_path / 'a.mp4', 50, sound='aac')

    run(path, tmp_path / 'out', cut=Cut(start=1.0, stride=2))

    assert times_of(tmp_path / 'out/x_depth.mp4') == [Fraction(p, 25) for p in range(0, 25, 2)]
    with av.open(str(tmp_path / 'out/x_depth.mp4')) as container:
        stream = container.streams.audio[0]
        assert float(stream.duration * stream.time_base) == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize('sound', ['aac', 'mp3', 'libopus', 'flac'])
def test_sound_that_browsers_play_is_copied(tmp_path, sound):
    path = make_video(tmp_path / 'a.mkv', 25, sound=sound)

    run(path, tmp_path / 'out', ('color', 'side'))

    for name in ('depth', 'side'):
        before, after = sounds_of(path), sounds_of(tmp_path / f'out/x_{name}.mp4')
        assert [data for _, data in after] == [data for _, data in before]
        apart = [abs(a - b) for (a, _), (b, _) in zip(after, before, strict=True)]
        assert max(apart) <= 0.002  # Matroska tells milliseconds


@pytest.mark.parametrize('sound', ['pcm_s16le', 'ac3', 'libvorbis'])
def test_other_sound_becomes_aac(tmp_path, sound):
    if sound not in av.codecs_available:
        pytest.skip(f'no {sound} here')
    path = make_video(tmp_path / 'a.mkv', 25, sound=sound, sound_rate=44100)

    run(path, tmp_path / 'out')

    with av.open(str(tmp_path / 'out/x_depth.mp4')) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name == 'aac' and stream.codec_context.sample_rate == 44100
        parts = [frame.to_ndarray().ravel() for frame in container.decode(stream)]
    heard = np.concatenate(parts)[4410:30000]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(heard.size)))
    assert np.argmax(spectrum) * 44100 / heard.size == pytest.approx(440, abs=3)


def sounds_of(path):
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        packets = [p for p in container.demux(stream) if p.size]
        return [(float(p.pts * p.time_base), bytes(p)) for p in packets]


def test_a_turned_video_is_upright_and_says_so_once(tmp_path):
    path = make_video(tmp_path / 'a.mp4', 3, turn=90)

    run(path, tmp_path / 'out', ('side',))

    with av.open(str(tmp_path / 'out/x_side.mp4')) as container:
        frame = next(container.decode(video=0))
        assert frame.rotation == 0 and (frame.width, frame.height) == (96, 64)
        left = frame.to_ndarray(format='rgb24')[:, :48]
    assert np.abs(left.astype(int) - np.rot90(picture(0))).mean() < 24


@pytest.mark.parametrize('size', [(1, 1), (3, 5), (65, 49), (2, 300)])
def test_odd_sizes_are_padded(tmp_path, size):
    path = make_video(tmp_path / 'a.mkv', 3, size, codec='ffv1', pix_fmt='bgr0')

    run(path, tmp_path / 'out', ALL)

    width, height = (n + n % 2 for n in size)
    assert frames_of(tmp_path / 'out/x_depth.mp4')[0].shape == (height, width, 3)
    assert frames_of(tmp_path / 'out/x_side.mp4')[0].shape == (height, 2 * width, 3)
    assert frames_of(tmp_path / 'out/x_depth16.mkv', None)[0].shape == size[::-1]
    assert np.load(tmp_path / 'out/x_npz/000000.npz')['depth'].shape == size[::-1]


def test_near_is_red_and_the_picture_is_beside(tmp_path):
    def half(index, width, height):
        rgb = np.full((height, width, 3), 30, np.uint8)
        rgb[:, width // 2 :] = 230
        return rgb

    path = make_video(tmp_path / 'a.mp4', 5, draw=half)
    run(path, tmp_path / 'out', ('side',))

    frame = frames_of(tmp_path / 'out/x_side.mp4')[2].astype(int)
    assert frame[24, 10].max() < 60 and frame[24, 50].min() > 200
    assert frame[24, 64 + 55, 0] > 120 and frame[24, 64 + 55, 2] < 100
    assert frame[24, 64 + 8, 2] > 120 and frame[24, 64 + 8, 0] < 130


def test_metres_from_a_relative_network(tmp_path):
    path = make_video(tmp_path / 'a.mp4', 2)
    options = ClipOptions(DepthOptions(scale=(0.1, 0.0)))

    run(path, tmp_path / 'out', ('npz',), options=options)

    made = np.load(tmp_path / 'out/x_npz/000000.npz')
    assert made['kind'] == 'metric' and 0.5 < made['depth'].min() < made['depth'].max() < 20


def test_the_filter_makes_depth_steadier(tmp_path):
    def noise(index, width, height):
        grain = np.random.default_rng(index).integers(-9, 9)
        return np.clip(picture(0, width, height).astype(int) + grain, 0, 255).astype(np.uint8)

    path = make_video(tmp_path / 'a.mkv', 12, codec='ffv1', pix_fmt='bgr0', draw=noise)

    def flicker(temporal):
        run(path, tmp_path / 'out', ('npz',), options=ClipOptions(temporal=temporal))
        files = sorted((tmp_path / 'out/x_npz').iterdir())
        return np.abs(np.diff([np.load(file)['depth'].mean() for file in files])).mean()

    assert flicker(0.8) < 0.5 * flicker(0.0)


class Endless:
    """A stream of tiny frames."""

    def __init__(self, count, live=False):
        self.facts = ClipFacts('x', 32, 24, Fraction(1, 1000), Fraction(50), live=live)
        self.damage, self._count, self.closed = Damage(), count, threading.Event()
        self.released = False

    def __iter__(self):
        for index in range(self._count):
            if self.closed.is_set():
                return
            rgb = np.full((24, 32, 3), index % 200, np.uint8)
            rgb[:, index % 32] = 255
            planes = rgb[..., 0].copy(), rgb[::2, ::2, 0].copy(), rgb[::2, ::2, 0].copy()
            yield ClipFrame(rgb, 20 * index, 20, planes)

    def close(self):
        self.closed.set()

    def release(self):
        self.released = True


def test_memory_is_the_same_for_any_length(tmp_path):
    held = {}

    def look(count):
        if count in (600, 3000):
            held[count] = tracemalloc.get_traced_memory()[0]

    clip = Endless(3000)
    tracemalloc.start()
    try:
        result = run(
            clip, tmp_path / 'out', ('color', 'side', 'ffv1'), None, Brightness(after=look)
        )
    finally:
        tracemalloc.stop()

    assert result.frames == 3000 and clip.released
    # The queues hold 512 things of 6 kB and 64 frames wait for their colours.
    assert held[3000] - held[600] < 4e6


def test_pictures_that_no_output_shows_are_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_run, 'PIPE_ITEMS', 2)
    held, most = set(), []

    class Watched(Endless):
        def __iter__(self):
            for frame in super().__iter__():
                rgb = frame.rgb.copy()
                held.add(frame.pts)
                weakref.finalize(rgb, held.discard, frame.pts)
                most.append(len(held))
                yield ClipFrame(rgb, frame.pts, frame.duration)

    run(Watched(300), tmp_path / 'out')

    # 50 frames wait for their colours.
    assert max(most) < 20


def test_slow_writing_holds_reading_back(tmp_path, monkeypatch):
    seen = {'read': 0, 'most': 0}
    clip = Endless(2000)
    frames = clip.__iter__

    class Counted(Endless):
        def __iter__(self):
            for frame in frames():
                seen['read'] += 1
                yield frame

    gate = threading.Event()

    def slow(path, items, facts, style):
        count = 0
        for _ in items:
            gate.wait(0.3)
            gate.set()
            count += 1
            seen['most'] = max(seen['most'], seen['read'] - count)
        return count

    monkeypatch.setattr(clip_run, 'PIPE_ITEMS', 16)
    monkeypatch.setitem(FORMATS, 'color', ClipFormat('_depth.mp4', slow, ''))

    assert run(Counted(2000), tmp_path / 'out').frames == 2000
    assert seen['most'] <= 3 * 16 + 64 + 8


def test_a_live_stream_never_waits_for_the_network(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_run, 'PIPE_BYTES', 10_000)
    first = threading.Event()

    def slow(count):
        # The first frame takes until the stream is over.
        if not first.is_set():
            deadline = time.monotonic() + 60
            while not first.is_set() and time.monotonic() < deadline:
                time.sleep(0.01)

    class Ending(Endless):
        def __iter__(self):
            yield from super().__iter__()
            first.set()

    clip = Ending(500, live=True)
    result = run(clip, tmp_path / 'out', estimator=Brightness(after=slow))

    assert first.is_set() and clip.damage.dropped > 400
    assert result.frames + clip.damage.dropped == 500
    assert len(times_of(tmp_path / 'out/x_depth.mp4')) == result.frames


def interrupt(at):
    def after(count):
        if count == at:
            raise KeyboardInterrupt

    return Brightness(after=after)


def test_ctrl_c_ends_a_recording_with_a_whole_file(tmp_path):
    result = run(Endless(10**6, live=True), tmp_path / 'out', ALL, estimator=interrupt(40))

    assert result.interrupted and result.frames == 39
    assert len(times_of(tmp_path / 'out/x_depth.mp4')) == 39
    assert len(list((tmp_path / 'out/x_npz').iterdir())) == 39


def test_ctrl_c_leaves_nothing_of_a_video(tmp_path):
    clip = Endless(1000)
    with pytest.raises(KeyboardInterrupt):
        run(clip, tmp_path / 'out', ALL, estimator=interrupt(40))

    assert list((tmp_path / 'out').iterdir()) == [] and clip.released


def test_a_full_disk_ends_everything_at_once(tmp_path, monkeypatch):
    def full(path, items, facts, style):
        next(items)
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setitem(FORMATS, 'gray', ClipFormat('_gray.mp4', full, ''))
    estimator = Brightness()

    with pytest.raises(OSError, match='No space left'):
        run(Endless(10**6), tmp_path / 'out', ALL, estimator=estimator)

    assert list((tmp_path / 'out').iterdir()) == [] and estimator.count < 3000


def test_a_network_that_breaks_leaves_nothing(tmp_path):
    def broken(count):
        if count > 20:
            raise RuntimeError('out of memory')

    with pytest.raises(RuntimeError, match='out of memory'):
        run(Endless(1000), tmp_path / 'out', ALL, estimator=Brightness(after=broken))

    assert list((tmp_path / 'out').iterdir()) == []


def test_batches_keep_the_order(tmp_path):
    class Two(Brightness):
        in_flight = 2

    path = make_video(tmp_path / 'a.mp4', 11)
    run(path, tmp_path / 'one', ('npz',))
    run(path, tmp_path / 'many', ('npz',), estimator=Two(), batch=4)

    for index in range(11):
        one, many = (np.load(tmp_path / f'{n}/x_npz/{index:06}.npz') for n in ('one', 'many'))
        assert (one['depth'] == many['depth']).all() and one['pts'] == many['pts']


def test_what_is_wanted_of_the_network_is_no_more_than_needed(tmp_path):
    class Asked(Brightness):
        asked = []

        def submit(self, pictures, at_network_size=False):
            self.asked.append(at_network_size)
            return super().submit(pictures, at_network_size)

    path = make_video(tmp_path / 'a.mp4', 1)
    for names in (('color', 'side'), ('color', 'npz')):
        run(path, tmp_path / 'out', names, estimator=Asked())
    refined = ClipOptions(DepthOptions(refine=True))
    run(path, tmp_path / 'out', ('color',), estimator=Asked(), options=refined)

    assert Asked.asked == [True, False, False]


def test_what_h264_cannot_hold_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_mp4, 'MOST_SIDE', 100)
    path = make_video(tmp_path / 'a.mp4', 2)

    run(path, tmp_path / 'out', ('color',))
    with pytest.raises(ClipError, match='128x48.*ffv1'):
        run(path, tmp_path / 'out', ('side',))


def test_a_metric_network_s_metres_are_written(tmp_path):
    estimator = Brightness(DepthKind.METRIC)
    estimator.max_depth = 10.0
    path = make_video(tmp_path / 'a.mp4', 2)

    run(path, tmp_path / 'out', ('npz', 'color'), estimator=estimator)

    made = np.load(tmp_path / 'out/x_npz/000000.npz')
    assert made['kind'] == 'metric' and np.isinf(made['depth']).any()
    assert clip_files.files_of(tmp_path / 'out/x_npz')[0].name == '000000.npz'
