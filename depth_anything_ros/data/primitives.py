# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scenes as lists of boxes, ellipsoids and cylinders, each with a material.

World frame: metres, z up (REP 103). Every primitive is the image of a unit shape under
``p = centre + rotation @ (half_size * local)``, so one matrix per primitive carries rays into the
space where the shape is the cube, sphere or cylinder of radius and half height 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

BOXES, ELLIPSOIDS, CYLINDERS = 88, 16, 24
"""Slots per scene; a fixed number keeps tensors one shape, and with it compiled kernels."""

SHELL_FACES = 6
FLOOR = 4
"""Index of the shell's floor among the faces -x +x -y +y -z +z."""


EMPTY_BELOW = -1e3
"""A centre lower than this (m) marks a slot that holds nothing."""


class Shape(IntEnum):
    """The unit shapes."""

    BOX = 0
    ELLIPSOID = 1
    CYLINDER = 2


class Weather(IntEnum):
    """What becomes of the light that is drawn for a scene."""

    PLAIN = 0
    FOG = 1
    DARK = 2


class Pattern(IntEnum):
    """How a surface's two colours are laid out."""

    NOISE = 0
    STRIPES = 1
    CHECKER = 2
    BRICKS = 3
    TILES = 4


@dataclass(frozen=True)
class Material:
    """Two linear RGB colours in [0, 1], their pattern, its period (m), and the noise on top.

    ``mirror`` is the share of light from the mirrored direction, ``clear`` that from straight
    behind, ``glow`` how much of its colour it gives off. Depth is the surface's own in any case.
    """

    first: np.ndarray
    second: np.ndarray
    pattern: Pattern
    period: float
    grain: float
    texture: int
    mirror: float = 0.0
    clear: float = 0.0
    glow: float = 0.0

    def row(self) -> np.ndarray:
        """Pack into MATERIAL_WIDTH numbers for the renderer."""
        tail = (
            self.pattern, self.period, self.grain, self.texture, self.mirror, self.clear, self.glow,
        )  # fmt: skip
        return np.concatenate((self.first, self.second, tail)).astype(np.float32)


MATERIAL_WIDTH = 13
MIRROR, CLEAR, GLOW = 10, 11, 12
"""Where in a row of a material they are."""

TEXTURES = 32


def random_color(rng: np.random.Generator) -> np.ndarray:
    """Draw a linear RGB colour: mostly muted, at times strong."""
    value = rng.uniform(0.05, 0.9)
    saturation = rng.beta(1.2, 3.0) if rng.random() < 0.75 else rng.uniform(0.4, 1.0)
    return value * (1 - saturation * rng.random(3))


def typical_color(
    rng: np.random.Generator, low: tuple[float, ...], high: tuple[float, ...]
) -> np.ndarray:
    """Draw a linear RGB colour between two, a little off them, and at times any colour at all.

    Places do not take their colours at random: floors are darker than walls, ceilings white.
    """
    if rng.random() < 0.2:
        return random_color(rng)
    mix = rng.random()
    color = (1 - mix) * np.asarray(low) + mix * np.asarray(high)
    return np.clip(color * rng.uniform(0.85, 1.15, 3), 0, 1)


def random_material(
    rng: np.random.Generator,
    period: float = 0.3,
    plain: float = 0.35,
    first: np.ndarray | None = None,
) -> Material:
    """Draw a material whose pattern repeats about every ``period`` metres, ``first`` its colour."""
    if first is None:
        first = random_color(rng)
    if rng.random() < plain:
        second, pattern = first * rng.uniform(0.75, 1.1), Pattern.NOISE
    else:
        second, pattern = random_color(rng), Pattern(int(rng.integers(len(Pattern))))
        second = first + (second - first) * rng.uniform(0.15, 1.0)
    return Material(
        first,
        np.clip(second, 0, 1),
        pattern,
        period * float(np.exp(rng.normal(0, 0.7))),
        float(rng.beta(1.5, 3)),
        int(rng.integers(TEXTURES)),
    )


def yaw_rotation(angle: float) -> np.ndarray:
    """Rotate about the vertical by ``angle`` radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """Draw a rotation uniformly, as a unit quaternion turned into a matrix."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


@dataclass
class Scene:
    """A shell (the room, or the ground under the sky), primitives in it, and how it is lit.

    ``low`` and ``high`` are the shell's corners; in an ``open_air`` scene only its floor is solid.
    """

    rng: np.random.Generator
    low: np.ndarray
    high: np.ndarray
    open_air: bool
    shell: list[Material]
    shapes: list[tuple[Shape, np.ndarray, np.ndarray, np.ndarray, Material]] = field(
        default_factory=list
    )
    weather: Weather = Weather.PLAIN

    def add(
        self,
        shape: Shape,
        centre: tuple[float, float, float],
        half_size: tuple[float, float, float],
        rotation: float | np.ndarray = 0.0,
        material: Material | None = None,
    ) -> None:
        """Place a primitive; ``rotation`` is a yaw in radians or a 3 x 3 matrix."""
        if material is None:
            material = random_material(self.rng, 0.25 * max(half_size))
        matrix = rotation if isinstance(rotation, np.ndarray) else yaw_rotation(rotation)
        half = np.maximum(np.asarray(half_size, np.float64), 1e-3)
        self.shapes.append((shape, np.asarray(centre, np.float64), half, matrix, material))

    def pack(self, keep_clear: np.ndarray, radius: float) -> dict[str, np.ndarray]:
        """Lay the primitives into their slots, without those within ``radius`` m of the points.

        ``keep_clear`` is (K, 3): where cameras will be. Returns float32 arrays: ``matrix``
        (N, 3, 3) world to unit shape, ``centre`` (N, 3), ``half_size`` (N, 3), ``material``
        (6 + N, 13), where N = boxes + ellipsoids + cylinders; and the shell's ``low``, ``high``
        and ``open_air``. More primitives than slots: an even choice stays.
        """
        count = BOXES + ELLIPSOIDS + CYLINDERS
        matrix = np.tile(np.eye(3, dtype=np.float32) * 1e3, (count, 1, 1))
        centre = np.tile(np.array([0, 0, 10 * EMPTY_BELOW], np.float32), (count, 1))
        half_size = np.full((count, 3), 1e-3, np.float32)
        material = np.zeros((SHELL_FACES + count, MATERIAL_WIDTH), np.float32)
        material[:SHELL_FACES] = [m.row() for m in self.shell]
        start = 0
        for shape, slots in zip(Shape, (BOXES, ELLIPSOIDS, CYLINDERS), strict=True):
            chosen = [s for s in self.shapes if s[0] == shape and _clear(s, keep_clear, radius)]
            # Evenly, not at random: every frame of a film must show the same things.
            if len(chosen) > slots:
                chosen = [chosen[i * len(chosen) // slots] for i in range(slots)]
            for slot, (_, middle, half, rotation, surface) in enumerate(chosen, start=start):
                matrix[slot] = rotation.T / half[:, None]
                centre[slot], half_size[slot] = middle, half
                material[SHELL_FACES + slot] = surface.row()
            start += slots
        return {
            'matrix': matrix,
            'centre': centre,
            'half_size': half_size,
            'material': material,
            'low': self.low.astype(np.float32),
            'high': self.high.astype(np.float32),
            'open_air': np.asarray(self.open_air),
        }


def _clear(
    shape: tuple[Shape, np.ndarray, np.ndarray, np.ndarray, Material],
    points: np.ndarray,
    radius: float,
) -> bool:
    """Say whether a primitive's box keeps ``radius`` metres away from every one of ``points``."""
    _, centre, half, rotation, _ = shape
    local = (points - centre) @ rotation
    distance = np.linalg.norm(np.maximum(np.abs(local) - half, 0), axis=-1)
    return bool(distance.min() > radius)
