# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scenes that are hard for a network: glass, mirrors, wet ground, fog, night, leaves, hills."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from depth_anything_ros.data import furniture
from depth_anything_ros.data.outdoor import open_ground
from depth_anything_ros.data.pose import Pose, random_lens, random_roll
from depth_anything_ros.data.primitives import (
    FLOOR,
    Material,
    Pattern,
    Scene,
    Shape,
    Weather,
    random_material,
    random_rotation,
    typical_color,
)
from depth_anything_ros.data.scenes import sample_scene

THIN = 0.08
"""Half the thickness in metres below which a box may be a pane."""


def sample_rich_scene(rng: np.random.Generator) -> tuple[Scene, Pose]:
    """Draw leaves or hills at times, else a common scene; then glaze, polish and darken it."""
    kind = rng.random()
    if kind < 0.15:
        scene, pose = thicket(rng)
    elif kind < 0.3:
        scene, pose = hills(rng)
    else:
        scene, pose = sample_scene(rng)
    enrich(scene, pose, rng)
    return scene, pose


def enrich(scene: Scene, pose: Pose, rng: np.random.Generator) -> None:
    """Make glass and mirrors of some surfaces of a scene, and draw its weather."""
    if rng.random() < 0.6:
        _glaze(scene, rng)
    if not scene.open_air and rng.random() < 0.5:
        _stand_pane(scene, pose, rng)
    if rng.random() < 0.35:
        shine = rng.uniform(0.05, 0.45)
        scene.shell[FLOOR] = replace(scene.shell[FLOOR], mirror=shine)
        # A road is a flat box on the ground, and is as wet.
        for number, (shape, centre, half, rotation, material) in enumerate(scene.shapes):
            if half[2] < 0.02:
                wet = replace(material, mirror=shine)
                scene.shapes[number] = shape, centre, half, rotation, wet
    draw = rng.random()
    if draw < 0.25:
        scene.weather = Weather.DARK
        _light_up(scene, rng)
    elif draw < 0.5 and scene.open_air:
        scene.weather = Weather.FOG


def mirror_material(rng: np.random.Generator) -> Material:
    """Return silvered glass."""
    gray = np.full(3, rng.uniform(0.02, 0.15))
    return Material(gray, gray, Pattern.NOISE, 1.0, 0.05, 0, mirror=float(rng.uniform(0.75, 0.97)))


def glass_material(rng: np.random.Generator) -> Material:
    """Return window glass: its own colour is what it mirrors of the surroundings at large."""
    tint = np.array([0.4, 0.5, 0.5]) * rng.uniform(0.3, 1.2)
    clear = float(rng.uniform(0.6, 0.95))
    return Material(tint, tint, Pattern.NOISE, 1.0, 0.1, 0, clear=clear)


def _glaze(scene: Scene, rng: np.random.Generator) -> None:
    """Make panes of some thin boxes, and of some faces of houses and cars."""
    shapes = []
    for shape, centre, half, rotation, material in scene.shapes:
        thin = shape is Shape.BOX and half.min() < THIN and np.sort(half)[1] > 0.12
        if (thin and rng.random() < 0.5) or rng.random() < 0.04:
            material = mirror_material(rng) if rng.random() < 0.5 else glass_material(rng)
        shapes.append((shape, centre, half, rotation, material))
    scene.shapes[:] = shapes


def _stand_pane(scene: Scene, pose: Pose, rng: np.random.Generator) -> None:
    """Stand a glass wall or a large mirror in the view, with a frame that may tell of it."""
    away, aside = rng.uniform(0.8, 4.0), rng.normal(0, 0.4)
    yaw = pose.yaw + rng.normal(0, 0.5)
    ahead = np.array([np.cos(pose.yaw), np.sin(pose.yaw)])
    x, y = pose.position[:2] + away * ahead + aside * np.array([-ahead[1], ahead[0]])
    wide, tall = rng.uniform(0.3, 1.2), rng.uniform(0.5, 1.2)
    material = glass_material(rng) if rng.random() < 0.7 else mirror_material(rng)
    scene.add(Shape.BOX, (x, y, tall), (0.008, wide, tall), yaw, material)
    if rng.random() < 0.6:
        frame = random_material(rng, 0.2, plain=0.8)
        scene.add(Shape.BOX, (x, y, 2 * tall), (0.02, wide, 0.03), yaw, frame)
        side = np.array([-np.sin(yaw), np.cos(yaw)]) * wide
        for sign in (-1, 1):
            foot = (x + sign * side[0], y + sign * side[1], tall)
            scene.add(Shape.BOX, foot, (0.02, 0.03, tall), yaw, frame)


def _light_up(scene: Scene, rng: np.random.Generator) -> None:
    """Let some things of a dark scene glow: lamps, screens, windows, signs."""
    for number, (shape, centre, half, rotation, material) in enumerate(scene.shapes):
        if half.max() < 0.5 and rng.random() < 0.08:
            material = replace(material, glow=float(rng.uniform(0.2, 1.5)))
            scene.shapes[number] = shape, centre, half, rotation, material


def thicket(rng: np.random.Generator) -> tuple[Scene, Pose]:
    """Fill the view with leaves, blades of grass and twigs before trees."""
    scene = open_ground(rng, 0.5)
    for _ in range(int(rng.integers(3, 9))):
        furniture.tree(scene, rng.uniform(4, 25), rng.uniform(-8, 8), rng.uniform(0.6, 1.6))
    green = typical_color(rng, (0.04, 0.1, 0.02), (0.3, 0.4, 0.1))
    size = rng.uniform(0.03, 0.12)
    for _ in range(12):
        reach, angle = rng.uniform(0.6, 4), rng.uniform(-0.7, 0.7)
        spot = np.array([reach * np.cos(angle), reach * np.sin(angle), rng.uniform(0.1, 2.0)])
        long = rng.uniform(0.3, 1.0)
        twig = random_rotation(rng)
        scene.add(Shape.CYLINDER, tuple(spot), (0.008, 0.008, long), twig)
        for _ in range(int(rng.integers(4, 9))):
            leaf = spot + twig[:, 2] * rng.uniform(-long, long) + rng.normal(0, 0.5 * size, 3)
            half = (size * rng.uniform(0.6, 1.4), size * rng.uniform(0.3, 0.7), 0.002)
            color = np.clip(green * rng.uniform(0.6, 1.5, 3), 0, 1)
            material = Material(color, 0.6 * color, Pattern.NOISE, 2 * size, 0.5, 4)
            scene.add(Shape.BOX, tuple(leaf), half, random_rotation(rng), material)
    spot = np.array([0, 0, rng.uniform(0.4, 1.8)])
    pose = Pose(spot, rng.normal(0, 0.2), rng.normal(0.0, 0.2), random_roll(rng), random_lens(rng))
    return scene, pose


def hills(rng: np.random.Generator) -> tuple[Scene, Pose]:
    """Lay hills, rocks and trees out to the horizon."""
    scene = open_ground(rng, 3.0)
    ground = scene.shell[FLOOR]
    for _ in range(int(rng.integers(4, 14))):
        away, angle = np.exp(rng.uniform(np.log(25), np.log(800))), rng.uniform(-0.9, 0.9)
        wide = away * rng.uniform(0.2, 0.7)
        half = (wide, wide * rng.uniform(0.6, 1.6), 0.9 * wide * rng.uniform(0.15, 0.5))
        centre = (away * np.cos(angle), away * np.sin(angle), -0.15 * half[2])
        material = replace(ground, period=0.1 * wide) if rng.random() < 0.6 else None
        scene.add(Shape.ELLIPSOID, centre, half, rng.uniform(0, 6.3), material)
    for _ in range(int(rng.integers(5, 25))):
        away, angle = np.exp(rng.uniform(np.log(3), np.log(60))), rng.uniform(-0.9, 0.9)
        x, y = away * np.cos(angle), away * np.sin(angle)
        if rng.random() < 0.5:
            furniture.tree(scene, x, y, rng.uniform(0.5, 1.8))
        else:
            size = 0.05 * away * np.exp(rng.normal(0, 0.5, 3))
            half = (size[0], size[1], size[2])
            scene.add(Shape.BOX, (x, y, 0.4 * size[2]), half, random_rotation(rng))
    spot = np.array([0, 0, rng.uniform(0.5, 3.0)])
    pose = Pose(spot, rng.normal(0, 0.3), rng.normal(0.0, 0.1), random_roll(rng), random_lens(rng))
    return scene, pose
