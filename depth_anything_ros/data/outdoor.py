# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streets and open ground, and cameras that look at them."""

from __future__ import annotations

import numpy as np

from depth_anything_ros.data import furniture
from depth_anything_ros.data.pose import Pose, random_lens, random_roll
from depth_anything_ros.data.primitives import (
    Material,
    Pattern,
    Scene,
    Shape,
    random_material,
    typical_color,
)

FAR = 2000.0
"""Half the side of the ground in the open, metres: the horizon."""


def open_ground(rng: np.random.Generator, period: float) -> Scene:
    """Return open ground under the sky, its texture repeating about every ``period`` metres."""
    earth = (0.08, 0.12, 0.03) if rng.random() < 0.4 else (0.12, 0.1, 0.07)
    floor = random_material(rng, period, 0.6, typical_color(rng, earth, (0.35, 0.33, 0.28)))
    low, high = np.array([-FAR, -FAR, 0.0]), np.array([FAR, FAR, FAR])
    return Scene(rng, low, high, True, [floor] * 6)


def street(rng: np.random.Generator) -> tuple[Scene, Pose]:
    """Lay a road with markings, house fronts, parked cars, trees, poles and people."""
    scene = open_ground(rng, 1.5)
    half_road = rng.uniform(3, 7)
    gray = rng.uniform(0.05, 0.3)
    asphalt = Material(
        np.full(3, gray),
        np.full(3, gray * rng.uniform(0.8, 1.2)),
        Pattern.NOISE,
        0.5,
        rng.uniform(0.1, 0.5),
        int(rng.integers(32)),
    )
    scene.add(Shape.BOX, (0, 0, 0), (300, half_road, 0.01), 0.0, asphalt)
    line = Material(np.full(3, 0.8), np.full(3, gray), Pattern.STRIPES, 6.0, 0.2, 3)
    solid = Material(np.full(3, 0.8), np.full(3, 0.7), Pattern.NOISE, 6.0, 0.2, 3)
    for y, paint in ((0.0, line), (half_road - 0.3, solid), (0.3 - half_road, solid)):
        if rng.random() < 0.7:
            scene.add(Shape.BOX, (0, y, 0.005), (300, 0.07, 0.01), 0.0, paint)
    for side in (-1, 1):
        setback = half_road + rng.uniform(1.5, 10)
        if rng.random() < 0.5:
            kerb = (0, side * (half_road + 1.5), 0.0)
            scene.add(Shape.BOX, kerb, (300, 1.5, 0.12), 0.0, random_material(rng, 0.8))
        x = -20.0
        built = rng.random() < 0.75
        while x < 120:
            long = rng.uniform(6, 25)
            if built and rng.random() < 0.8:
                tall, deep = rng.uniform(3, 14), 5.0
                centre = (x + long / 2, side * (setback + deep + rng.normal(0, 0.5)), tall / 2)
                scene.add(
                    Shape.BOX,
                    centre,
                    (long / 2, deep, tall / 2),
                    0.0,
                    random_material(rng, 1.8, plain=0.25),
                )
            elif rng.random() < 0.7:
                furniture.tree(scene, x, side * (setback + rng.uniform(-1, 4)), rng.uniform(1, 2))
            x += long + rng.exponential(2)
        for _ in range(int(rng.integers(0, 6))):
            furniture.car(scene, rng.uniform(3, 60), side * (half_road - 1.2), rng.normal(0, 0.05))
        for _ in range(int(rng.integers(0, 5))):
            x, y = rng.uniform(4, 50), side * (half_road + rng.uniform(0.3, 2))
            tall = rng.uniform(2, 8)
            scene.add(Shape.CYLINDER, (x, y, tall / 2), (0.06, 0.06, tall / 2))
        for _ in range(int(rng.integers(0, 3))):
            furniture.person(scene, rng.uniform(4, 30), side * (half_road + rng.uniform(0, 2)))
    if rng.random() < 0.6:
        lane = half_road / 2
        furniture.car(scene, rng.uniform(6, 60), rng.choice([-lane, lane]), rng.normal(0, 0.1))
    spot = np.array([0, rng.uniform(-0.7, 0.7) * half_road, rng.uniform(1.0, 2.0)])
    pose = Pose(
        spot,
        rng.normal(0, 0.12),
        rng.normal(0.03, 0.06),
        rng.normal(0, 0.02),
        random_lens(rng, 50, 95),
    )
    return scene, pose


def field(rng: np.random.Generator) -> tuple[Scene, Pose]:
    """Scatter trees, boulders, blocks, walls, poles and stairs over open ground."""
    scene = open_ground(rng, float(np.exp(rng.uniform(-1, 1.5))))
    reach = rng.uniform(6, 40)
    for _ in range(int(rng.integers(8, 45))):
        distance, angle = reach * np.sqrt(rng.uniform(0.01, 1)), rng.uniform(-0.9, 0.9)
        x, y = distance * np.cos(angle), distance * np.sin(angle)
        size, kind = 0.06 * reach * np.exp(rng.normal(0, 0.5, 3)), rng.random()
        if kind < 0.3:
            half = (size[0], size[1], size[2])
            scene.add(Shape.BOX, (x, y, size[2]), half, rng.uniform(0, 6.3))
        elif kind < 0.45:
            scene.add(Shape.ELLIPSOID, (x, y, size[2] * 0.7), (size[0], size[1], size[2]))
        elif kind < 0.6:
            thin = 0.03 if rng.random() < 0.5 else size[0]
            scene.add(Shape.CYLINDER, (x, y, size[2]), (thin, thin, size[2]))
        elif kind < 0.8:
            furniture.tree(scene, x, y, rng.uniform(0.3, 1.5))
        elif kind < 0.87:
            furniture.person(scene, x, y)
        elif kind < 0.92:
            furniture.stairs(scene, x, y, rng.uniform(0, 6.3))
        else:
            furniture.wall_with_opening(scene, x, y, rng.uniform(0, 6.3), 4, 2.6)
    spot = np.array([0, 0, rng.uniform(0.2, 2.0)])
    pose = Pose(spot, rng.normal(0, 0.2), rng.normal(0.1, 0.15), random_roll(rng), random_lens(rng))
    return scene, pose
