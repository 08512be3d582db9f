# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rooms, corridors and table tops, and cameras that look at them."""

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


def indoor_shell(rng: np.random.Generator, width: float, length: float, height: float) -> Scene:
    """Return an empty room with its corner in the origin, sides in metres."""
    paint = typical_color(rng, (0.35, 0.3, 0.25), (0.9, 0.88, 0.8))
    wall = random_material(rng, 0.8, 0.75, paint)
    walls = [wall if rng.random() < 0.7 else random_material(rng, 0.8) for _ in range(4)]
    wood_or_stone = typical_color(rng, (0.05, 0.035, 0.02), (0.4, 0.33, 0.26))
    floor = random_material(rng, 0.35, 0.4, wood_or_stone)
    ceiling = Material(
        rng.uniform(0.6, 0.95, 3),
        rng.uniform(0.4, 0.9, 3),
        Pattern.TILES if rng.random() < 0.3 else Pattern.NOISE,
        0.6,
        0.1,
        0,
    )
    low, high = np.array([0.0, 0.0, 0.0]), np.array([length, width, height])
    return Scene(rng, low, high, False, [*walls, floor, ceiling])


def _hang_on_walls(scene: Scene, count: int) -> None:
    """Put doors, windows, pictures and boards on the walls as thin boxes."""
    rng, (long, wide, tall) = scene.rng, scene.high
    for _ in range(count):
        side = rng.integers(4)
        door = rng.random() < 0.35
        size = (rng.uniform(0.8, 1.0), 2.0) if door else rng.uniform(0.3, 1.6, 2)
        z = size[1] / 2 if door else rng.uniform(0.9, max(1.0, tall - 0.7))
        thick = rng.uniform(0.01, 0.06)
        if side < 2:
            centre = (long * side, rng.uniform(0, wide), z)
            half = (thick, size[0] / 2, size[1] / 2)
        else:
            centre = (rng.uniform(0, long), wide * (side - 2), z)
            half = (size[0] / 2, thick, size[1] / 2)
        scene.add(Shape.BOX, centre, half, 0.0, random_material(rng, 0.3, plain=0.5))


def room(rng: np.random.Generator) -> tuple[Scene, Pose]:
    """Furnish a room along its walls and in its middle; the camera stands at its edge."""
    width, length, height = rng.uniform(2.5, 8), rng.uniform(3, 11), rng.uniform(2.3, 3.2)
    scene = indoor_shell(rng, width, length, height)
    _hang_on_walls(scene, int(rng.integers(1, 9)))
    pieces = (
        furniture.cabinet,
        furniture.shelf,
        furniture.table,
        furniture.couch,
        furniture.chair,
        furniture.lamp,
    )
    for _ in range(int(rng.integers(3, 10))):
        piece = pieces[rng.choice(6, p=(0.27, 0.17, 0.2, 0.18, 0.12, 0.06))]
        side, gap = rng.integers(4), rng.uniform(0.2, 0.6)
        along = rng.uniform(0.1, 0.9)
        x = (gap, length - gap, along * length, along * length)[side]
        y = (along * width, along * width, gap, width - gap)[side]
        yaw = (0.0, np.pi, np.pi / 2, -np.pi / 2)[side] + rng.normal(0, 0.05)
        if piece is furniture.lamp:
            furniture.lamp(scene, x, y)
        else:
            piece(scene, x, y, yaw)  # type: ignore[operator]
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(0.25, 0.75, 2) * (length, width)
        kind = rng.random()
        if kind < 0.4:
            furniture.chair(scene, x, y, rng.uniform(0, 6.3))
        elif kind < 0.7:
            furniture.table(scene, x, y, rng.uniform(0, 6.3), int(rng.integers(0, 5)))
        elif kind < 0.8:
            furniture.person(scene, x, y)
        elif kind < 0.87:
            furniture.stairs(scene, x, y, rng.uniform(0, 6.3))
        elif kind < 0.95:
            furniture.wall_with_opening(scene, x, y, rng.integers(4) * np.pi / 2, 3, height)
        else:
            furniture.tree(scene, x, y, 0.3)
    furniture.litter(scene, length / 2, width / 2, 0, (length, width), int(rng.integers(0, 6)), 0.3)
    pose = _room_camera(scene)
    if rng.random() < 0.6:
        _crowd_the_camera(scene, pose)
    return scene, pose


def _crowd_the_camera(scene: Scene, pose: Pose) -> None:
    """Put furniture close in front of the camera, off its axis, as in any lived-in room."""
    rng = scene.rng
    for _ in range(int(rng.integers(1, 4))):
        angle = pose.yaw + rng.choice([-1, 1]) * rng.uniform(0.15, 0.7)
        distance = rng.uniform(0.7, 2.2)
        x, y = pose.position[:2] + distance * np.array([np.cos(angle), np.sin(angle)])
        x, y = np.clip([x, y], 0.2, scene.high[:2] - 0.2)
        pieces = (furniture.chair, furniture.cabinet, furniture.table, furniture.couch)
        pieces[rng.choice(4, p=(0.5, 0.2, 0.2, 0.1))](scene, x, y, rng.uniform(0, 6.3))


def _room_camera(scene: Scene) -> Pose:
    """Stand near a wall or corner and look across; robots look from lower than people."""
    rng, (long, wide, tall) = scene.rng, scene.high
    margin = rng.uniform(0.3, 1.2)
    target = np.array([long, wide]) * rng.uniform(0.25, 0.75, 2)
    angle = rng.uniform(0, 2 * np.pi)
    away = np.array([np.cos(angle), np.sin(angle)]) * 20
    spot = np.clip(target + away, margin, np.array([long, wide]) - margin)
    spot = target + (spot - target) * rng.uniform(0.6, 1.0)
    height = rng.uniform(1.1, 1.75) if rng.random() < 0.7 else rng.uniform(0.2, 1.1)
    yaw = float(np.arctan2(*(target - spot)[::-1])) + rng.normal(0, 0.15)
    pitch = rng.normal(0.2 if height > 1 else 0.0, 0.15)
    spot3 = np.array([*spot, min(height, tall - 0.2)])
    return Pose(spot3, float(yaw), float(pitch), random_roll(rng), random_lens(rng, 55, 90))


def corridor(rng: np.random.Generator) -> tuple[Scene, Pose]:
    """Lay a long passage with doors, things along the walls, at times people."""
    width, length = rng.uniform(1.2, 3.2), rng.uniform(6, 30)
    scene = indoor_shell(rng, width, length, rng.uniform(2.2, 3.2))
    _hang_on_walls(scene, int(rng.integers(4, 14)))
    for _ in range(int(rng.integers(0, 8))):
        x, side = rng.uniform(1.5, length), rng.integers(2)
        if rng.random() < 0.6:
            yaw = -np.pi / 2 if side else np.pi / 2
            furniture.cabinet(scene, x, width - 0.2 if side else 0.2, yaw)
        elif rng.random() < 0.5:
            furniture.small_thing(scene, x, rng.uniform(0.2, width - 0.2), 0, 0.4)
        else:
            furniture.person(scene, x, rng.uniform(0.3, width - 0.3))
    if rng.random() < 0.4:
        furniture.wall_with_opening(
            scene, rng.uniform(0.4, 0.9) * length, width / 2, 0, width, scene.high[2]
        )
    spot = np.array([rng.uniform(0.3, 2), rng.uniform(0.3, 0.7) * width, rng.uniform(0.2, 1.7)])
    pose = Pose(
        spot, rng.normal(0, 0.2), rng.normal(0.08, 0.12), random_roll(rng), random_lens(rng)
    )
    return scene, pose


def desk(rng: np.random.Generator) -> tuple[Scene, Pose]:
    """Look at a table top, shelf or floor full of things from near and above."""
    width, length, height = rng.uniform(2, 6), rng.uniform(2.5, 7), rng.uniform(2.3, 3.0)
    scene = indoor_shell(rng, width, length, height)
    _hang_on_walls(scene, int(rng.integers(0, 5)))
    top = rng.choice([0.0, rng.uniform(0.4, 1.0)], p=[0.2, 0.8])
    x, y = length * rng.uniform(0.4, 0.85), width * rng.uniform(0.3, 0.7)
    extent = (rng.uniform(0.6, 1.2), rng.uniform(0.9, 2.2))
    yaw = rng.normal(0, 0.4)
    if top > 0:
        frame = furniture.Frame(scene, x, y, yaw)
        frame.part(Shape.BOX, (0, 0, top - 0.02), (*extent, 0.04), random_material(rng, 0.3, 0.6))
        frame.part(Shape.BOX, (0.3 * extent[0], 0, top / 2), (0.05, 0.95 * extent[1], top))
    span = (extent[0] * 0.9, extent[1] * 0.9)
    scale = rng.uniform(0.06, 0.22)
    furniture.litter(scene, x, y, top, span, int(rng.integers(4, 26)), scale)
    for _ in range(int(rng.integers(0, 3))):
        aside, ahead = rng.uniform(-1.2, 1.2, 2)
        furniture.chair(scene, x + aside, y + ahead, rng.uniform(0, 6.3))
    for _ in range(int(rng.integers(0, 4))):
        furniture.cabinet(scene, length - 0.3, rng.uniform(0, width), np.pi)
    if rng.random() < 0.4:
        furniture.shelf(scene, length - 0.25, rng.uniform(0, width), np.pi)
    distance, pitch = rng.uniform(0.35, 1.8), rng.uniform(0.15, 1.1)
    angle = rng.normal(0, 0.5)
    offset = distance * np.array(
        [-np.cos(angle) * np.cos(pitch), -np.sin(angle) * np.cos(pitch), np.sin(pitch)]
    )
    spot = np.array([x, y, top]) + offset
    spot = np.clip(spot, 0.1, scene.high - 0.1)
    pose = Pose(
        spot,
        angle + rng.normal(0, 0.12),
        pitch + rng.normal(0, 0.12),
        random_roll(rng),
        random_lens(rng, 50, 85),
    )
    return scene, pose
