# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms between frames over time, as tf2's buffer keeps them: asked by name and time."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

import numpy as np

from depth_anything_ros.geometry.transform import Transform

KEPT = 10 * 10**9
"""Nanoseconds that transforms are kept for, as long as in tf2."""
MOST_FRAMES = 1000
"""Between a frame and its root: a longer way is a circle."""


class NoTransformError(LookupError):
    """Nothing is known of a frame, or not at that time."""


class _History:
    """Where one frame was in its parent: times in nanoseconds, quaternions and translations."""

    def __init__(self) -> None:
        self.parent, self.static = '', False
        self.times: list[int] = []
        self.poses: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, at: int, pose: tuple[np.ndarray, np.ndarray]) -> None:
        place = bisect.bisect_left(self.times, at)
        if place < len(self.times) and self.times[place] == at:
            self.poses[place] = pose
            return
        self.times.insert(place, at)
        self.poses.insert(place, pose)
        old = bisect.bisect_left(self.times, self.times[-1] - KEPT)
        del self.times[:old], self.poses[:old]

    def find(self, at: int, child: str) -> Transform:
        if self.static:
            return _transform(*self.poses[-1])
        after = bisect.bisect_left(self.times, at)
        if after < len(self.times) and self.times[after] == at:
            return _transform(*self.poses[after])
        if after in (0, len(self.times)):
            nearest = self.times[0] if after == 0 else self.times[-1]
            raise NoTransformError(
                f'{child} is known {"from" if after == 0 else "until"} '
                f'{abs(nearest - at) / 1e9:.3f} s {"after" if after == 0 else "before"} it'
            )
        (q, t), (other_q, other_t) = self.poses[after - 1], self.poses[after]
        begin, end = self.times[after - 1], self.times[after]
        share = (at - begin) / (end - begin)
        return _transform(_slerp(q, other_q, share), t + share * (other_t - t))


class TransformBuffer:
    """The tree of frames; every frame has one parent, which may change."""

    def __init__(self) -> None:
        self._frames: dict[str, _History] = {}

    def add(
        self,
        parent: str,
        child: str,
        xyzw: Sequence[float],
        translation: Sequence[float],
        at: int,
        static: bool,
    ) -> bool:
        """Take a transform in; False for one that says nothing, which tf2 leaves out, too.

        ``xyzw`` is the quaternion, translation is in metres, ``at`` in nanoseconds.
        """
        quaternion = np.asarray(xyzw, np.float64)
        length = float(np.linalg.norm(quaternion))
        place = np.asarray(translation, np.float64)
        parent, child = parent.lstrip('/'), child.lstrip('/')
        usable = 0.99 < length < 1.01 and bool(np.isfinite(place).all())
        if not usable or not parent or not child or parent == child:
            return False
        history = self._frames.setdefault(child, _History())
        if history.parent != parent or history.static != static:
            history.times.clear()
            history.poses.clear()
            history.parent, history.static = parent, static
        history.add(0 if static else at, (quaternion / length, place))
        return True

    def find(self, parent: str, child: str, at: int) -> Transform:
        """Return where ``child`` is in ``parent`` at a time in nanoseconds.

        Between two known times rotations are turned evenly and translations mixed. Raises
        NoTransformError.
        """
        above, below = self._way(parent.lstrip('/')), self._way(child.lstrip('/'))
        common = next((frame for frame in below if frame in above), None)
        if common is None:
            known = {each.parent for each in self._frames.values()} | set(self._frames)
            unknown = [name for name in (parent, child) if name.lstrip('/') not in known]
            raise NoTransformError(
                f'{" and ".join(map(repr, unknown))} unknown'
                if unknown
                else f'nothing joins {parent!r} and {child!r}'
            )
        to_child = self._chain(below[: below.index(common)], at)
        to_parent = self._chain(above[: above.index(common)], at)
        return to_parent.inverse() @ to_child

    def _way(self, frame: str) -> list[str]:
        """Return a frame and all above it."""
        way = [frame]
        while frame in self._frames and len(way) < MOST_FRAMES:
            frame = self._frames[frame].parent
            if frame in way:
                raise NoTransformError(f'the frames above {way[0]!r} are a circle')
            way.append(frame)
        return way

    def _chain(self, frames: list[str], at: int) -> Transform:
        """Return where the first frame is in the parent of the last."""
        found = Transform.identity()
        for frame in frames:
            found = self._frames[frame].find(at, frame) @ found
        return found


def _transform(quaternion: np.ndarray, translation: np.ndarray) -> Transform:
    return Transform.from_quaternion(quaternion.tolist(), translation.tolist())


def _slerp(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Return the quaternion at a share of the way, turning evenly the shorter way round."""
    cosine = float(first @ second)
    if cosine < 0:
        second, cosine = -second, -cosine
    angle = float(np.arccos(min(1.0, cosine)))
    if angle < 1e-6:
        mixed = first + share * (second - first)
    else:
        mixed = np.sin((1 - share) * angle) * first + np.sin(share * angle) * second
    return mixed / np.linalg.norm(mixed)
