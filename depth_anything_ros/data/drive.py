# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A robot drives straight at something: pictures and exact depth of every moment of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

from depth_anything_ros.data.indoor import indoor_shell
from depth_anything_ros.data.outdoor import open_ground
from depth_anything_ros.data.pose import Pose
from depth_anything_ros.data.primitives import Scene, Shape, random_material
from depth_anything_ros.data.procedural import ProceduralWorld, pack
from depth_anything_ros.data.render import Batch
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.transform import Transform, camera_on_ground

ROOM = (14.0, 5.0, 2.8)
"""Length, width and height of the room, metres."""

ROOM_START = 2.0
"""How far from the wall behind it the drive begins in a room, metres."""

CLEAR_LANE = 1.3
"""Nothing but the obstacle is nearer to the middle of the lane, metres."""


class DriveError(ValueError):
    """A drive that cannot be laid out."""


class Obstacle(Enum):
    """What stands in the way."""

    NONE = 'none'
    BOX = 'box'
    WALL = 'wall'
    OVERHANG = 'overhang'
    CURB = 'curb'


class Phase(Enum):
    """The parts of a drive: towards the obstacle, waiting before it, waiting after it is gone."""

    APPROACH = 'approach'
    WAIT = 'wait'
    GONE = 'gone'


@dataclass(frozen=True)
class DrivePlan:
    """What is driven at and how; metres, seconds, radians.

    ``size`` is the top of a BOX, WALL or CURB and the underside of an OVERHANG above the ground.
    The lens starts ``start`` before the obstacle's face and drives at ``speed`` until ``end``
    before it, waits there for ``wait`` seconds, and for as long again after the obstacle was
    taken away; without an obstacle it only drives the way. A positive ``pitch`` looks down.
    Raises DriveError for a plan that leads into the obstacle or has no frames.
    """

    obstacle: Obstacle = Obstacle.NONE
    size: float = 0.5
    indoors: bool = False
    speed: float = 0.5
    rate: float = 10.0
    start: float = 3.5
    end: float = 0.6
    wait: float = 1.0
    camera_height: float = 0.4
    pitch: float = 0.0
    width: int = 320
    height: int = 240
    field_of_view: float = math.radians(80.0)

    def __post_init__(self) -> None:
        """Refuse what cannot be driven."""
        for name in ('size', 'speed', 'rate', 'camera_height'):
            if not 0 < getattr(self, name) < math.inf:
                raise DriveError(f'{name} is {getattr(self, name)!r}: give a number above 0')
        if not 0.4 <= self.end < self.start < 8.0 or not 0 <= self.wait < math.inf:
            raise DriveError(
                f'from {self.start!r} m to {self.end!r} m, waiting {self.wait!r} s: give '
                '0.4 <= end < start < 8 and wait >= 0'
            )


class Drive:
    """A drive by plan. The world has x along the lane, z up and z = 0 on the ground.

    Frame i is the same for equal arguments, in whatever order frames are asked for.
    ``intrinsics`` hold for every frame, ``camera`` is the optical frame's place in the robot's
    level frame on the ground below the lens. Texture, light and background follow from ``seed``.
    """

    def __init__(self, plan: DrivePlan, seed: int = 0) -> None:
        self.plan, self.seed = plan, seed
        focal = plan.width / 2 / math.tan(plan.field_of_view / 2)
        self.intrinsics = Intrinsics(
            plan.width, plan.height, focal, focal, (plan.width - 1) / 2, (plan.height - 1) / 2
        )
        self.camera = camera_on_ground(plan.camera_height, pitch=plan.pitch)
        self._world = ProceduralWorld(seed)
        self._origin = np.array([ROOM_START, ROOM[1] / 2, 0.0]) if plan.indoors else np.zeros(3)
        self._moving = math.floor((plan.start - plan.end) / plan.speed * plan.rate + 1e-9) + 1
        # A robot that stands sees the same again: the last picture is kept.
        self._last: tuple[tuple[int, bool], tuple[np.ndarray, np.ndarray]] | None = None
        self._waiting = 0 if plan.obstacle is Obstacle.NONE else round(plan.wait * plan.rate)

    def __len__(self) -> int:
        """Return how many frames the drive has."""
        return self._moving + 2 * self._waiting

    def phase(self, index: int) -> Phase:
        """Return the part of the drive that a frame is in."""
        if index < self._moving:
            return Phase.APPROACH
        return Phase.WAIT if index < self._moving + self._waiting else Phase.GONE

    def time(self, index: int) -> float:
        """Return the time of a frame in seconds from the first."""
        return index / self.plan.rate

    def travelled(self, index: int) -> float:
        """Return how far the robot has come, metres."""
        return min(index, self._moving - 1) * self.plan.speed / self.plan.rate

    def distance(self, index: int) -> float | None:
        """Return the metres from the lens to the obstacle's face along the lane, None without."""
        if self.plan.obstacle is Obstacle.NONE or self.phase(index) is Phase.GONE:
            return None
        return self.plan.start - self.travelled(index)

    def robot(self, index: int) -> Transform:
        """Return where the robot's level frame is in the world."""
        return Transform(np.eye(3), self._origin + [self.travelled(index), 0.0, 0.0])

    def pose(self, index: int) -> Transform:
        """Return where the optical frame is in the world."""
        return self.robot(index) @ self.camera

    def frame(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a frame: RGB (H, W, 3) uint8 and depth (H, W) float32 m, +inf for sky.

        Raises IndexError beyond the drive's end.
        """
        if not 0 <= index < len(self):
            raise IndexError(f'frame {index} of a drive of {len(self)}')
        view = min(index, self._moving - 1), self.phase(index) is not Phase.GONE
        if self._last is None or self._last[0] != view:
            self._last = view, self._render(*view)
        rgb, depth = self._last[1]
        return rgb.copy(), depth.copy()

    def _render(self, index: int, obstructed: bool) -> tuple[np.ndarray, np.ndarray]:
        """Take the picture from where a frame is, with or without the obstacle."""
        batch = self._batch(self.pose(index), obstructed)
        pictures = self._world.develop(batch, self.plan.height, self.plan.width)
        rgb = (pictures.rgb[0].permute(1, 2, 0) * 255).round().byte().numpy()
        return rgb, pictures.depth[0].numpy()

    def _batch(self, camera: Transform, obstructed: bool) -> Batch:
        """Lay out the scene as a camera of the drive sees it."""
        plan = self.plan
        diagonal = math.hypot(plan.width, plan.height) / 2
        fov = 2 * math.atan(diagonal / self.intrinsics.fx)
        pose = Pose(camera.translation, 0.0, plan.pitch, 0.0, fov)
        way = np.stack([self.pose(index).translation for index in (0, self._moving - 1)])
        scene = self._obstructed if obstructed else self._surroundings
        light = np.random.default_rng(self.seed)
        return pack([(scene, pose)], plan.height, plan.width, light, way).trimmed()

    @cached_property
    def _surroundings(self) -> Scene:
        """The lane and what is beside and behind it, without the obstacle."""
        rng = np.random.default_rng((self.seed, 1))
        if not self.plan.indoors:
            scene = open_ground(rng, 0.6)
            for _ in range(14):
                ahead, tall = rng.uniform(4, 40), rng.uniform(0.5, 5)
                aside = rng.choice([-1, 1]) * rng.uniform(2.5, 3 + 0.5 * ahead)
                half = (rng.uniform(0.2, 1.0), rng.uniform(0.2, 1.0), tall / 2)
                scene.add(Shape.BOX, (ahead, aside, tall / 2), half, rng.uniform(0, 0.3))
            scene.add(Shape.BOX, (45.0, 0.0, 3.0), (2.0, 30.0, 3.0), 0.0)
            return scene
        length, width, height = ROOM
        scene = indoor_shell(rng, width, length, height)
        for _ in range(10):
            deep, wide, high = rng.uniform(0.1, 0.5, 3)
            side = rng.choice([-1, 1]) * (CLEAR_LANE + wide)
            centre = (rng.uniform(ROOM_START, length), width / 2 + side, 2 * high)
            scene.add(Shape.BOX, centre, (deep, wide, 2 * high))
        return scene

    @cached_property
    def _obstructed(self) -> Scene:
        """The surroundings with the obstacle in the way."""
        plan, around = self.plan, self._surroundings
        rng = np.random.default_rng((self.seed, 2))
        scene = Scene(rng, around.low, around.high, around.open_air, around.shell)
        scene.shapes.extend(around.shapes)
        face, middle = self._origin[0] + plan.start, self._origin[1]
        high, material = plan.size / 2, random_material(rng, 0.2)
        if plan.obstacle is Obstacle.BOX:
            scene.add(Shape.BOX, (face + 0.2, middle, high), (0.2, 0.25, high), 0.0, material)
        elif plan.obstacle is Obstacle.WALL:
            scene.add(Shape.BOX, (face + 0.1, middle, high), (0.1, 2.4, high), 0.0, material)
        elif plan.obstacle is Obstacle.CURB:
            scene.add(Shape.BOX, (face + 1.0, middle, high), (1.0, 2.4, high), 0.0, material)
        elif plan.obstacle is Obstacle.OVERHANG:
            top = (face + 0.4, middle, plan.size + 0.03)
            scene.add(Shape.BOX, top, (0.4, 1.2, 0.03), 0.0, material)
            for side in (-1, 1):
                leg = (face + 0.4, middle + 1.15 * side, plan.size / 2)
                scene.add(Shape.BOX, leg, (0.04, 0.04, plan.size / 2), 0.0, material)
        return scene
