# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which of two points is nearer, asked as DA-2K asks it, on procedural scenes of known depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from depth_anything_ros.data.pose import Pose
from depth_anything_ros.data.primitives import Scene, Weather
from depth_anything_ros.data.procedural import ProceduralWorld, pack
from depth_anything_ros.data.rich_scenes import enrich, hills, thicket
from depth_anything_ros.data.scenes import LAYOUTS, sample_scene
from depth_anything_ros.evaluation.point_pairs import OrderingScore, PointPair, agreeing
from depth_anything_ros.inference.estimator import DepthEstimator

LEAST_RATIO = 1.2
"""How many times farther the farther point of a pair is at least."""

FLAT = 0.05
"""Relative range of depth around a point up to which it counts as on a surface, not on an edge."""

_TRIES = 400
_AROUND = np.ones((5, 5), np.uint8)

Builder = Callable[[np.random.Generator], tuple[Scene, Pose]]


def _foggy(rng: np.random.Generator) -> tuple[Scene, Pose]:
    while True:
        scene, pose = sample_scene(rng)
        if scene.open_air:
            scene.weather = Weather.FOG
            return scene, pose


def _dark(rng: np.random.Generator) -> tuple[Scene, Pose]:
    scene, pose = sample_scene(rng)
    scene.weather = Weather.DARK
    return scene, pose


def _glossy(rng: np.random.Generator) -> tuple[Scene, Pose]:
    while True:
        scene, pose = sample_scene(rng)
        enrich(scene, pose, rng)
        scene.weather = Weather.PLAIN
        materials = [shape[-1] for shape in scene.shapes] + list(scene.shell)
        if any(material.clear or material.mirror for material in materials):
            return scene, pose


SCENES: Mapping[str, Builder] = {
    **{layout.build.__name__: layout.build for layout in LAYOUTS},
    'thicket': thicket,
    'hills': hills,
    'fog': _foggy,
    'night': _dark,
    'glass_and_mirrors': _glossy,
}
"""The scene kinds, and what draws one."""


@dataclass(frozen=True)
class OrderedPicture:
    """A picture (H, W, 3) uint8, its depth (H, W) float32 m (+inf for sky), and pairs of points."""

    scene: str
    rgb: np.ndarray
    depth: np.ndarray
    pairs: tuple[PointPair, ...]


def ordered_pictures(
    scenes: Sequence[str] = tuple(SCENES),
    seed: int = 0,
    pictures: int = 8,
    pairs: int = 10,
    height: int = 168,
    width: int = 224,
) -> Iterator[OrderedPicture]:
    """Render ``pictures`` of each scene kind and draw ``pairs`` of points on each.

    A picture depends on the seed, its kind, its number and the size alone. Raises ValueError for
    an unknown kind.
    """
    for scene in scenes:
        if scene not in SCENES:
            raise ValueError(f'no scene is called {scene!r}: use some of {", ".join(SCENES)}')
    # The textures are of a seed of their own, which no training draws.
    world = ProceduralWorld(seed + 7_000_003)
    for scene in scenes:
        for number in range(pictures):
            # From the name, so that further kinds change nothing for these.
            rng = np.random.default_rng((seed, *scene.encode(), number))
            placed = SCENES[scene](rng)
            rendered = world.develop(pack([placed], height, width, rng), height, width)
            rgb = (rendered.rgb[0].permute(1, 2, 0) * 255).round().byte().numpy()
            depth = rendered.depth[0].numpy()
            yield OrderedPicture(scene, rgb, depth, tuple(draw_pairs(depth, rng, pairs)))


def draw_pairs(
    depth: np.ndarray, rng: np.random.Generator, count: int, ratio: float = LEAST_RATIO
) -> list[PointPair]:
    """Draw up to ``count`` pairs of pixels of depth (H, W), +inf for sky and NaN for unknown.

    Both points lie on a surface or in the sky, off its edges and the picture's, and one is at
    least ``ratio`` times as far as the other. A picture without such pairs gives fewer.
    """
    near = np.nan_to_num(1 / depth, nan=-1.0)
    low, high = cv2.erode(near, _AROUND), cv2.dilate(near, _AROUND)
    flat = (low >= 0) & (high - low <= FLAT * high)
    flat[:2], flat[-2:], flat[:, :2], flat[:, -2:] = False, False, False, False
    places = np.argwhere(flat)
    found: list[PointPair] = []
    for _ in range(_TRIES if len(places) > 1 else 0):
        if len(found) == count:
            break
        (a, b), (c, d) = places[rng.integers(len(places), size=2)].tolist()
        one, other = (a, b), (c, d)
        if depth[one] > depth[other]:
            one, other = other, one
        if np.isfinite(depth[one]) and depth[other] >= ratio * depth[one]:
            found.append(PointPair(one, other))
    return found


def score_ordering(
    estimator: DepthEstimator,
    scenes: Sequence[str] = tuple(SCENES),
    seed: int = 0,
    pictures: int = 8,
    pairs: int = 10,
    height: int = 168,
    width: int = 224,
) -> OrderingScore:
    """Score an estimator on ``ordered_pictures`` of these arguments."""
    drawn = ordered_pictures(scenes, seed, pictures, pairs, height, width)
    return OrderingScore.of(
        (each.scene, agreeing(depth.values, depth.kind, each.pairs))
        for each in drawn
        for depth in [estimator.estimate(each.rgb)]
    )
