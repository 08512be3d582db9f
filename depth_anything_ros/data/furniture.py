# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Things that stand in scenes, each made of a few primitives in its own yawed frame.

Positions are metres in the world frame (z up); ``base`` is the height of the surface a thing
stands on.
"""

from __future__ import annotations

import numpy as np

from depth_anything_ros.data.primitives import (
    Material,
    Pattern,
    Scene,
    Shape,
    random_color,
    random_material,
    random_rotation,
)


class Frame:
    """A yawed frame on the floor, in which a thing's parts are placed."""

    def __init__(self, scene: Scene, x: float, y: float, yaw: float, base: float = 0.0) -> None:
        self.scene, self.x, self.y, self.yaw, self.base = scene, x, y, yaw, base

    def part(
        self,
        shape: Shape,
        centre: tuple[float, float, float],
        size: tuple[float, float, float],
        material: Material | None = None,
    ) -> None:
        """Add a part by its centre and full size in this frame."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        x, y, z = centre
        world = (self.x + c * x - s * y, self.y + s * x + c * y, self.base + z)
        half = (size[0] / 2, size[1] / 2, size[2] / 2)
        self.scene.add(shape, world, half, self.yaw, material)


def small_thing(scene: Scene, x: float, y: float, base: float, scale: float) -> None:
    """Put one book, cup, ball, bottle, screen or leaning box of about ``scale`` metres."""
    rng = scene.rng
    yaw = rng.uniform(0, 2 * np.pi)
    size = scale * np.exp(rng.normal(0, 0.35, 3))
    material = random_material(rng, 0.4 * scale, plain=0.5)
    kind = rng.random()
    if kind < 0.4:
        if rng.random() < 0.4:
            size[2] *= 0.25
        half = size / 2
        scene.add(Shape.BOX, (x, y, base + half[2]), tuple(half), yaw, material)
    elif kind < 0.55:
        half = np.full(3, size[0] / 2)
        scene.add(Shape.ELLIPSOID, (x, y, base + half[2]), tuple(half), yaw, material)
    elif kind < 0.85:
        half = np.array([size[0] * 0.35, size[0] * 0.35, size[2] * 0.7])
        scene.add(Shape.CYLINDER, (x, y, base + half[2]), tuple(half), yaw, material)
    elif kind < 0.93:
        half = np.array([0.03 * scale, 0.9 * scale, 0.55 * scale])
        scene.add(Shape.BOX, (x, y, base + 1.3 * half[2]), tuple(half), yaw, material)
    else:
        half = size / 2
        turn = random_rotation(rng)
        scene.add(Shape.BOX, (x, y, base + float(half.mean())), tuple(half), turn, material)


def litter(
    scene: Scene,
    x: float,
    y: float,
    base: float,
    extent: tuple[float, float],
    count: int,
    scale: float,
) -> None:
    """Scatter small things over a surface of ``extent`` around (x, y)."""
    for _ in range(count):
        offset = scene.rng.uniform(-0.5, 0.5, 2) * extent
        small_thing(scene, x + offset[0], y + offset[1], base, scale)


def table(scene: Scene, x: float, y: float, yaw: float, things: int = 3) -> None:
    """Stand a table or desk with things on it."""
    rng = scene.rng
    width, depth, height = rng.uniform(0.7, 2.0), rng.uniform(0.5, 1.0), rng.uniform(0.4, 0.8)
    top, leg = random_material(rng, 0.3), random_material(rng, 0.1)
    frame = Frame(scene, x, y, yaw)
    frame.part(Shape.BOX, (0, 0, height - 0.02), (width, depth, 0.04), top)
    legs = ((1, 1), (1, -1), (-1, 1), (-1, -1)) if rng.random() < 0.7 else ((1, 0), (-1, 0))
    for sx, sy in legs:
        size = (0.06, 0.06 if sy else 0.9 * depth, height)
        centre = (sx * (width / 2 - 0.05), sy * (depth / 2 - 0.05), height / 2)
        frame.part(Shape.BOX, centre, size, leg)
    litter(scene, x, y, height, (0.7 * min(width, depth),) * 2, things, rng.uniform(0.08, 0.3))


def chair(scene: Scene, x: float, y: float, yaw: float) -> None:
    """Stand a chair or stool."""
    rng = scene.rng
    seat, material = rng.uniform(0.38, 0.5), random_material(rng, 0.2)
    frame = Frame(scene, x, y, yaw)
    frame.part(Shape.BOX, (0, 0, seat), (0.45, 0.45, rng.uniform(0.03, 0.12)), material)
    if rng.random() < 0.5:
        tall = rng.uniform(0.4, 0.75)
        frame.part(Shape.BOX, (-0.21, 0, seat + tall / 2), (0.05, 0.43, tall), material)
    else:
        frame.part(Shape.BOX, (-0.21, 0, seat + 0.5), (0.04, 0.43, 0.08), material)
        for side in (-0.2, 0.0, 0.2):
            frame.part(Shape.BOX, (-0.21, side, seat + 0.25), (0.03, 0.04, 0.5), material)
    if rng.random() < 0.4:
        frame.part(Shape.CYLINDER, (0, 0, seat / 2), (0.06, 0.06, seat))
        frame.part(Shape.CYLINDER, (0, 0, 0.04), (0.5, 0.5, 0.05))
    else:
        leg = random_material(rng, 0.1)
        for sx, sy in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            frame.part(Shape.BOX, (sx * 0.2, sy * 0.2, seat / 2), (0.04, 0.04, seat), leg)


def shelf(scene: Scene, x: float, y: float, yaw: float) -> None:
    """Stand a shelf with boards and a few things between them."""
    rng = scene.rng
    width, height, depth = rng.uniform(0.5, 1.6), rng.uniform(0.8, 2.2), rng.uniform(0.25, 0.5)
    body = random_material(rng, 0.3, plain=0.7)
    frame = Frame(scene, x, y, yaw)
    frame.part(Shape.BOX, (-depth / 2 + 0.01, 0, height / 2), (0.02, width, height), body)
    for side in (-1, 1):
        frame.part(Shape.BOX, (0, side * width / 2, height / 2), (depth, 0.03, height), body)
    boards = int(rng.integers(2, 6))
    for level in np.linspace(0.03, height, boards):
        frame.part(Shape.BOX, (0, 0, level), (depth, width, 0.03), body)
        if rng.random() < 0.6 and level < height - 0.1:
            spines = Material(
                random_color(rng),
                random_color(rng),
                Pattern.STRIPES,
                0.06,
                0.5,
                int(rng.integers(32)),
            )
            long = rng.uniform(0.3, 0.9) * width
            tall = min(0.25, 0.7 * height / boards)
            shift = (width - long) / 2 * rng.uniform(-1, 1)
            frame.part(Shape.BOX, (0, shift, level + tall / 2), (0.7 * depth, long, tall), spines)


def cabinet(scene: Scene, x: float, y: float, yaw: float) -> None:
    """Stand a cupboard, fridge, chest or counter, at times with things on top."""
    rng = scene.rng
    width, depth = rng.uniform(0.4, 2.0), rng.uniform(0.35, 0.7)
    height = rng.choice([rng.uniform(0.4, 1.1), rng.uniform(1.4, 2.2)])
    frame = Frame(scene, x, y, yaw)
    frame.part(Shape.BOX, (0, 0, height / 2), (depth, width, height), random_material(rng, 0.4))
    for side in (-0.25, 0.25):
        door = random_material(rng, 0.3, plain=0.8)
        centre = (depth / 2, side * width, height / 2)
        frame.part(Shape.BOX, centre, (0.02, 0.46 * width, 0.9 * height), door)
    if height < 1.2:
        litter(scene, x, y, height, (0.5 * depth, 0.5 * depth), int(rng.integers(0, 4)), 0.2)


def couch(scene: Scene, x: float, y: float, yaw: float) -> None:
    """Stand a sofa or a bed."""
    rng = scene.rng
    bed = rng.random() < 0.5
    length, width = (rng.uniform(1.8, 2.1), rng.uniform(0.9, 1.8)) if bed else (0.9, 2.0)
    seat = rng.uniform(0.35, 0.6)
    cover, frame = random_material(rng, 0.3), Frame(scene, x, y, yaw)
    frame.part(Shape.BOX, (0, 0, seat / 2), (length, width, seat), cover)
    back = random_material(rng, 0.3) if bed else cover
    frame.part(Shape.BOX, (-length / 2, 0, seat), (0.12 if bed else 0.3, width, 2 * seat), back)
    for side in (-1, 1):
        if bed:
            centre = (-length / 2 + 0.3, side * width / 4, seat + 0.06)
            frame.part(Shape.ELLIPSOID, centre, (0.4, 0.4 * width, 0.2))
        else:
            frame.part(Shape.BOX, (0, side * width / 2, seat * 0.65), (length, 0.2, seat * 1.3))


def lamp(scene: Scene, x: float, y: float, base: float = 0.0) -> None:
    """Stand a lamp: a thin pole with a shade."""
    tall = scene.rng.uniform(0.5, 1.8)
    frame = Frame(scene, x, y, 0.0, base)
    frame.part(Shape.CYLINDER, (0, 0, tall / 2), (0.03, 0.03, tall))
    frame.part(Shape.CYLINDER, (0, 0, tall), (0.35, 0.35, 0.3))


def tree(scene: Scene, x: float, y: float, scale: float = 1.0) -> None:
    """Plant a tree, bush or potted plant: a trunk and a few leafy ellipsoids."""
    rng = scene.rng
    tall = scale * rng.uniform(2.0, 6.0)
    leaf = Material(
        np.array([0.05, 0.15, 0.03]) * rng.uniform(0.5, 2),
        np.array([0.3, 0.45, 0.12]) * rng.uniform(0.5, 1.5),
        Pattern.NOISE,
        0.5 * scale,
        0.9,
        int(rng.integers(32)),
    )
    frame = Frame(scene, x, y, 0.0)
    thick = 0.06 * tall
    frame.part(Shape.CYLINDER, (0, 0, tall / 2), (thick, thick, tall))
    for _ in range(int(rng.integers(1, 4))):
        spread = 0.25 * tall * rng.normal(size=2)
        size = tall * rng.uniform(0.3, 0.7, 3)
        frame.part(
            Shape.ELLIPSOID,
            (spread[0], spread[1], tall * rng.uniform(0.7, 1.05)),
            (size[0], size[1], size[2]),
            leaf,
        )


def car(scene: Scene, x: float, y: float, yaw: float) -> None:
    """Park a car, van or lorry: body, cabin and wheels."""
    rng = scene.rng
    long, wide = rng.uniform(3.6, 5.0), rng.uniform(1.6, 1.9)
    body, frame = random_material(rng, 1.0, plain=0.9), Frame(scene, x, y, yaw)
    if rng.random() < 0.2:
        tall = rng.uniform(2.0, 3.5)
        frame.part(Shape.BOX, (0, 0, 0.3 + tall / 2), (1.4 * long, 1.2 * wide, tall), body)
    else:
        frame.part(Shape.BOX, (0, 0, 0.6), (long, wide, 0.65), body)
        glass = Material(
            np.full(3, 0.03), np.full(3, 0.1), Pattern.NOISE, 1.0, 0.2, int(rng.integers(32))
        )
        frame.part(Shape.BOX, (-0.1 * long, 0, 1.15), (0.5 * long, 0.85 * wide, 0.5), glass)
        frame.part(Shape.BOX, (-0.1 * long, 0, 1.42), (0.45 * long, 0.85 * wide, 0.06), body)
    for sx in (-0.32, 0.32):
        frame.part(
            Shape.BOX,
            (sx * long, 0, 0.3),
            (0.6, 1.02 * wide, 0.6),
            Material(np.full(3, 0.02), np.full(3, 0.05), Pattern.NOISE, 0.1, 0.3, 0),
        )


def person(scene: Scene, x: float, y: float) -> None:
    """Stand a person: legs, torso and head."""
    rng = scene.rng
    tall, frame = rng.uniform(1.5, 1.9), Frame(scene, x, y, rng.uniform(0, 6.3))
    for side in (-1, 1):
        frame.part(
            Shape.CYLINDER,
            (0.1 * rng.normal(), side * 0.1, 0.24 * tall),
            (0.15, 0.15, 0.48 * tall),
        )
    frame.part(Shape.ELLIPSOID, (0, 0, 0.65 * tall), (0.3, 0.5, 0.42 * tall))
    frame.part(Shape.ELLIPSOID, (0, 0, 0.93 * tall), (0.2, 0.18, 0.14 * tall))


def stairs(scene: Scene, x: float, y: float, yaw: float) -> None:
    """Build a flight of steps that rises along the frame's x axis."""
    rng = scene.rng
    rise, run, wide = rng.uniform(0.14, 0.2), rng.uniform(0.24, 0.34), rng.uniform(0.8, 2.0)
    material, frame = random_material(rng, 0.3), Frame(scene, x, y, yaw)
    for step in range(int(rng.integers(4, 12))):
        height = rise * (step + 1)
        frame.part(Shape.BOX, (run * step, 0, height / 2), (run, wide, height), material)


def wall_with_opening(
    scene: Scene, x: float, y: float, yaw: float, width: float, height: float
) -> None:
    """Build a wall with a door or window in it."""
    rng = scene.rng
    material, frame = random_material(rng, 0.4), Frame(scene, x, y, yaw)
    gap, head = rng.uniform(0.8, 1.6), min(rng.uniform(1.9, 2.3), height - 0.1)
    shift = (width - gap) / 2 * rng.uniform(-0.8, 0.8)
    left, right = shift - gap / 2 + width / 2, width / 2 - shift - gap / 2
    for centre, long in ((-width / 2 + left / 2, left), (width / 2 - right / 2, right)):
        frame.part(Shape.BOX, (0, centre, height / 2), (0.12, long, height), material)
    frame.part(Shape.BOX, (0, shift, (head + height) / 2), (0.12, gap, height - head), material)
    if rng.random() < 0.4:
        frame.part(Shape.BOX, (0, shift, 0.4), (0.12, gap, 0.8), material)
