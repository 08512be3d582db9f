# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small videos of every kind for tests, and a network that is none."""

import math
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from depth_anything_ros.depth import Depth, DepthKind


def picture(index, width=64, height=48):
    """Give a picture that tells its number: a bright bar at a place of its own, red on the left."""
    rgb = np.full((height, width, 3), 40, np.uint8)
    rgb[:, : max(1, width // 8), 0] = 220
    rgb[: max(1, height // 8), :, 2] = 220
    rgb[:, (7 * index) % width] = 230
    return rgb


def make_video(
    path,
    frames=12,
    size=(64, 48),
    rate=25,
    time_base=None,
    pts=None,
    codec='libx264',
    pix_fmt='yuv420p',
    sound=None,
    sound_rate=48000,
    turn=None,
    sar=None,
    container_format=None,
    options=None,
    draw=picture,
    gop=12,
    stream_options=None,
):
    """Write a video; ``pts`` are in ``time_base``. Returns the path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    base = Fraction(time_base or 1 / Fraction(rate))
    times = list(range(frames)) if pts is None else list(pts)
    with av.open(str(path), 'w', format=container_format, options=options or {}) as container:
        stream = container.add_stream(codec, rate=Fraction(rate), options=stream_options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.time_base = base
        stream.codec_context.gop_size = gop
        if sar is not None:
            stream.codec_context.sample_aspect_ratio = Fraction(sar)
        if turn is not None:
            stream.set_display_rotation(turn)
        tone = None
        if sound is not None:
            tone = container.add_stream(sound, rate=sound_rate)
            tone.codec_context.layout = 'mono' if sound != 'libopus' else 'stereo'
        for index, at in enumerate(times):
            frame = av.VideoFrame.from_ndarray(draw(index, *size), format='rgb24')
            frame.pts, frame.time_base = at, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            _hum(container, tone, float((times[-1] - times[0] + 1) * base), sound_rate)
    return path


def _hum(container, stream, seconds, rate):
    layout = stream.codec_context.layout.name
    channels = stream.codec_context.channels
    at = 0
    while at < seconds * rate:
        wave = 9000 * np.sin(2 * math.pi * 440 * (at + np.arange(1024)) / rate)
        samples = np.repeat(wave.astype(np.int16), channels)[None]
        frame = av.AudioFrame.from_ndarray(samples, format='s16', layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        container.mux(stream.encode(frame))
        at += 1024
    container.mux(stream.encode(None))


def times_of(path):
    """Return the exact times of a video's frames, seconds as fractions."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [frame.pts * stream.time_base for frame in container.decode(stream)]


def frames_of(path, form='rgb24'):
    """Return the decoded frames of a video."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format=form) for frame in container.decode(video=0)]


class Under:
    """Depth that is ready."""

    def __init__(self, depths):
        self._depths = depths

    def result(self):
        return self._depths


class Brightness:
    """Stands in for a network: what is brighter is nearer; its own size is a quarter."""

    in_flight, device, max_depth, input_size = 1, 'cpu', None, 28

    def __init__(self, kind=DepthKind.RELATIVE, after=lambda count: None):
        self.kind, self.count, self.sizes, self._after = kind, 0, [], after

    def submit(self, pictures, at_network_size=False):
        depths = []
        for rgb in pictures:
            values = rgb.mean(2, dtype=np.float32) / 16 + 1
            self.sizes.append(rgb.shape)
            height, width = rgb.shape[:2]
            small = max(1, height // 4), max(1, width // 4)
            if at_network_size:
                values = cv2.resize(values, small[::-1], interpolation=cv2.INTER_AREA)
            depths.append(Depth(values, self.kind, small))
        self.count += len(pictures)
        self._after(self.count)
        return Under(depths)
