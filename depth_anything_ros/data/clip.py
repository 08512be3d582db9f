# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A moving camera in the procedural world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from depth_anything_ros.data.pose import Pose
from depth_anything_ros.data.primitives import Scene
from depth_anything_ros.data.procedural import ProceduralWorld, pack
from depth_anything_ros.data.render import Batch
from depth_anything_ros.data.rich_scenes import sample_rich_scene
from depth_anything_ros.data.scenes import LAYOUTS
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.transform import Transform

SCENE_SECONDS = 2.0
FIELD_OF_VIEW = np.deg2rad(75.0)
"""Along the diagonal, as for all poses; one lens for the whole clip, by default this."""


class ProceduralClip:
    """A film with known depth: a few seconds in a room, then a street, a desk, a field ...

    ``rate`` is in frames per second of the film. Frame i is the same for equal arguments, in
    whatever order frames are asked for. ``intrinsics`` hold for every frame; ``fov`` is the field
    of view along the diagonal in radians, ``rich`` the share of scenes of ``rich_scenes.py``.
    """

    def __init__(
        self,
        seed: int,
        width: int,
        height: int,
        rate: float,
        fov: float = float(FIELD_OF_VIEW),
        rich: float = 0.0,
    ) -> None:
        self.seed, self.width, self.height, self.rate = seed, width, height, rate
        self.fov, self.rich = fov, rich
        focal = float(np.hypot(width, height) / 2 / np.tan(fov / 2))
        self.intrinsics = Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)
        self._world = ProceduralWorld(seed)
        self._part = -1
        self._batches: list[Batch] = []

    def frame(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a frame: RGB (H, W, 3) uint8 and depth (H, W) float32 m, +inf for sky."""
        pictures = self._world.develop(self._batch(index), self.height, self.width)
        rgb = (pictures.rgb[0].permute(1, 2, 0) * 255).round().byte().numpy()
        return rgb, pictures.depth[0].numpy()

    def pose(self, index: int) -> Transform:
        """Return where a frame's optical frame is in its scene's world (z up, metres).

        Poses compare only within a scene: frames whose ``scene`` is the same.
        """
        batch = self._batch(index)
        return Transform(batch.rotation[0].double().numpy(), batch.position[0].double().numpy())

    def scene(self, index: int) -> int:
        """Return the number of the scene that a frame belongs to, counted from 0."""
        return index // self._length

    @property
    def _length(self) -> int:
        """How many frames a scene has."""
        return max(1, round(SCENE_SECONDS * self.rate))

    def _batch(self, index: int) -> Batch:
        """Return a frame's scene and camera; the scene it is in is kept for the next frames."""
        part, step = divmod(index, self._length)
        if part != self._part:
            self._batches, self._part = self._film(part, self._length), part
        return self._batches[step]

    def _film(self, part: int, length: int) -> list[Batch]:
        """Lay out a scene and the camera's way through it, one batch a frame."""
        rng = np.random.default_rng((self.seed, part))
        if np.random.default_rng((self.seed, part, 1)).random() < self.rich:
            scene, pose = sample_rich_scene(rng)
        else:
            scene, pose = LAYOUTS[part % len(LAYOUTS)].build(rng)
        way = travel(scene, replace(pose, fov=self.fov), length / self.rate, length)
        path = np.stack([pose.position for pose in way])
        light = int(rng.integers(2**31))
        return [
            pack(
                [(scene, pose)], self.height, self.width, np.random.default_rng(light), path
            ).trimmed()
            for pose in way
        ]


def travel(scene: Scene, start: Pose, seconds: float, frames: int) -> list[Pose]:
    """Return the poses of a walk that begins at ``start``, sways, turns and stays inside."""
    speed = 4.0 if scene.open_air else 0.35
    way = []
    for t in np.linspace(0, seconds, frames, endpoint=False):
        ahead = speed * t * np.array([np.cos(start.yaw), np.sin(start.yaw), 0.0])
        bob = np.array([0.0, 0.0, 0.02 * np.sin(6 * t)])
        position = np.clip(start.position + ahead + bob, scene.low + 0.2, scene.high - 0.2)
        way.append(
            replace(
                start,
                position=position,
                yaw=start.yaw + 0.25 * np.sin(1.2 * t),
                pitch=start.pitch + 0.02 * np.sin(2.0 * t),
            )
        )
    return way
