# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Albums of what a bag recorded: a camera's pictures and the depth that was made of them."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics, IntrinsicsError
from depth_anything_ros.media.album import Album, AlbumError, Entry, Shot
from depth_anything_ros.media.bag import BagError, BagReader
from depth_anything_ros.media.reference_bag import DEPTHS, decode_depth, decode_picture

IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
RELATIVE = 'disparity'
"""What the names of topics of disparity have in them."""

NOT_OURS = ('ground_truth', 'compressedDepth')
BEFORE_NS, AFTER_NS = 5 * 10**9, 10**9
"""How long before and after its depth a picture may have been recorded."""

STAMPS_NS = 20_000_000
"""How far the stamps of a picture and its depth may be apart."""


def bag_album(path: Path, most: int, topic: str | None = None) -> Album:
    """Return ``most`` frames of a bag, evenly over its time, without holding any of them.

    ``topic`` is that of the depth (32FC1 or 16UC1); without it, the first that is found. The
    picture is the topic whose name begins most like it, with the same stamp. A name with
    'disparity' in it is disparity, all others are metres (REP 118). Raises AlbumError, BagError.
    """
    with BagReader(path) as reader:
        depths = _depth_topics(reader)
        if topic is not None and topic not in reader.topics:
            raise AlbumError(f'{path} has no topic {topic}; depth is on {_listed(depths)}')
        chosen = topic or next(iter(depths), None)
        if chosen is None:
            raise AlbumError(
                f'{path} has no depth (32FC1 or 16UC1) on {_listed(sorted(reader.topics))}: '
                '`depth-anything bag` adds it'
            )
        picture = _picture_topic(reader, chosen)
        camera = _camera(reader, chosen, picture)
        times = reader.receive_times(chosen)
    if not times:
        raise AlbumError(f'{path} has no message on {chosen}')
    count = min(most, len(times))
    kept = [times[(2 * i + 1) * len(times) // (2 * count)] for i in range(count)]
    entries = [
        Entry(
            f'{(at - times[0]) / 1e9:.2f} s',
            partial(_load, path, chosen, picture, camera, at),
            at,
        )
        for at in kept
    ]
    notes = [f'Other topics with depth: {_listed([d for d in depths if d != chosen])}.']
    if count < len(times):
        notes.append(f'{count} of {len(times)} frames are shown, evenly spaced.')
    settings = {'depth': chosen, 'pictures': picture or 'none'}
    return Album(path.resolve().name, entries, settings, notes=notes[len(depths) < 2 :])


def _listed(names: list[str]) -> str:
    return ', '.join(names) or 'none'


def _depth_topics(reader: BagReader) -> list[str]:
    """Return the topics that hold depth, by the encoding of their first message."""
    found = []
    for name, (msgtype, count) in sorted(reader.topics.items()):
        if msgtype != IMAGE or not count or any(part in name for part in NOT_OURS):
            continue
        _, message, _ = next(reader.messages((name,)))
        if message.encoding in DEPTHS:
            found.append(name)
    return found


def _picture_topic(reader: BagReader, depth: str) -> str | None:
    """Return the topic of pictures whose name begins most like that of the depth."""
    best: str | None = None
    for name, (msgtype, count) in sorted(reader.topics.items()):
        if not count or name == depth or any(part in name for part in NOT_OURS):
            continue
        if msgtype not in (IMAGE, COMPRESSED) or 'depth' in name.rpartition('/')[0].split('/')[-1]:
            continue
        if msgtype == IMAGE and next(reader.messages((name,)))[1].encoding in DEPTHS:
            continue
        if best is None or _alike(name, depth) > _alike(best, depth):
            best = name
    return best


def _alike(a: str, b: str) -> int:
    return len(os.path.commonprefix((a.split('/'), b.split('/'))))


def _camera(reader: BagReader, depth: str, picture: str | None) -> Intrinsics | None:
    """Return the camera from the first CameraInfo beside the depth, or else the picture."""
    beside = [f'{name.rpartition("/")[0]}/camera_info' for name in (depth, picture) if name]
    for name in beside:
        if reader.topics.get(name, ('', 0))[0] != CAMERA_INFO:
            continue
        for _, message, _ in reader.messages((name,)):
            matrix = np.asarray(message.p if hasattr(message, 'p') else message.P, float)
            try:
                return Intrinsics(
                    int(message.width), int(message.height), *matrix[[0, 5, 2, 6]].tolist()
                )
            except IntrinsicsError:
                break
    return None


def _load(
    path: Path, depth_topic: str, picture_topic: str | None, camera: Intrinsics | None, at: int
) -> Shot:
    kind = DepthKind.RELATIVE if RELATIVE in depth_topic else DepthKind.METRIC
    try:
        with BagReader(path) as reader:
            _, message, _ = next(reader.messages((depth_topic,), at, at + 1))
            values = decode_depth(message)
            rgb = None
            if picture_topic is not None:
                seen = _nearest(reader, picture_topic, _stamp(message), at)
                rgb = None if seen is None else decode_picture(seen)
    except BagError as error:
        raise AlbumError(str(error)) from error
    if kind is DepthKind.RELATIVE:
        values = np.where(np.isnan(values), _raw(message), values)  # 0 is far, not unknown
    height, width = values.shape
    fitting = None if camera is None else camera.scaled(width, height)
    return Shot(rgb, values, kind, camera=fitting, camera_from='calibration' if fitting else '')


def _raw(message: Any) -> np.ndarray:
    """Return the values of a 32FC1 image as they are; NaN for other encodings."""
    if message.encoding != '32FC1' or message.is_bigendian:
        return np.full((message.height, message.width), np.nan, np.float32)
    rows = np.asarray(message.data, np.uint8).reshape(message.height, message.step)
    return np.ascontiguousarray(rows[:, : 4 * message.width]).view('<f4')


def _nearest(reader: BagReader, topic: str, stamp: int, at: int) -> Any:
    """Return the message of a topic with the nearest stamp, None where it is not near."""
    best, apart = None, STAMPS_NS + 1
    for _, message, _ in reader.messages((topic,), max(0, at - BEFORE_NS), at + AFTER_NS):
        away = abs(_stamp(message) - stamp)
        if away < apart:
            best, apart = message, away
        if apart == 0:
            break
    return best


def _stamp(message: Any) -> int:
    stamp = message.header.stamp
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)
