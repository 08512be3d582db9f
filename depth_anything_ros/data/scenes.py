# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The layouts there are, and how often each is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from depth_anything_ros.data.indoor import corridor, desk, indoor_shell, room
from depth_anything_ros.data.outdoor import field, open_ground, street
from depth_anything_ros.data.pose import Pose, random_lens, random_roll
from depth_anything_ros.data.primitives import (
    Material,
    Pattern,
    Scene,
    Shape,
    random_color,
    random_rotation,
)


def sample_scene(rng: np.random.Generator) -> tuple[Scene, Pose]:
    """Draw a layout by its share, fill it, and draw a camera that looks into it."""
    shares = np.array([layout.share for layout in LAYOUTS])
    return LAYOUTS[rng.choice(len(LAYOUTS), p=shares / shares.sum())].build(rng)


def clutter(rng: np.random.Generator) -> tuple[Scene, Pose]:
    """Fill a space with turned shapes of every size, so that no single cue always holds."""
    if rng.random() < 0.6:
        side = rng.uniform(2, 10)
        scene = indoor_shell(rng, side, side, rng.uniform(2, 5))
    else:
        side = rng.uniform(4, 20)
        scene = open_ground(rng, 0.5)
    for _ in range(int(rng.integers(15, 60))):
        size = 0.07 * side * np.exp(rng.normal(0, 0.6, 3))
        spot = rng.uniform(0, 1, 3) * (side, side, 0.5 * side)
        if rng.random() < 0.6:
            spot[2] = size[2] * 0.8
        half = (size[0], size[1], size[2])
        shape = Shape(int(rng.choice(3, p=(0.6, 0.2, 0.2))))
        material = Material(
            random_color(rng),
            random_color(rng),
            Pattern(int(rng.integers(len(Pattern)))),
            0.3 * float(size.max()),
            float(rng.uniform(0, 1)),
            int(rng.integers(32)),
        )
        scene.add(shape, (spot[0], spot[1], spot[2]), half, random_rotation(rng), material)
    spot = np.array([0.3, side * rng.uniform(0.3, 0.7), rng.uniform(0.3, 1.9)])
    pose = Pose(spot, rng.normal(0, 0.3), rng.normal(0.15, 0.2), random_roll(rng), random_lens(rng))
    return scene, pose


@dataclass(frozen=True)
class Layout:
    """A way to build scenes, and its share among them."""

    build: Callable[[np.random.Generator], tuple[Scene, Pose]]
    share: float


LAYOUTS = (
    Layout(room, 0.36),
    Layout(street, 0.18),
    Layout(desk, 0.22),
    Layout(field, 0.10),
    Layout(corridor, 0.06),
    Layout(clutter, 0.08),
)
