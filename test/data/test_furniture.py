# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Things that stand in scenes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from depth_anything_ros.data import furniture
from depth_anything_ros.data.primitives import Scene, Shape

SEEDS = range(8)
YAWED: dict[str, Callable[..., None]] = {
    'table': partial(furniture.table, things=0),
    'chair': furniture.chair,
    'shelf': furniture.shelf,
    'cabinet': furniture.cabinet,
    'couch': furniture.couch,
    'car': furniture.car,
    'stairs': furniture.stairs,
    'wall': partial(furniture.wall_with_opening, width=3.0, height=2.5),
}
LARGEST = {'table': 2.0, 'chair': 1.5, 'stairs': 4.5, 'car': 7.2}


def empty(seed: int = 0) -> Scene:
    return Scene(np.random.default_rng(seed), np.zeros(3), np.full(3, 9.0), False, [])


def corners(scene: Scene) -> np.ndarray:
    """Return the (N, 8, 3) corners of every primitive's own box in the world."""
    signs = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T
    return np.stack([centre + (signs * half) @ turn.T for _, centre, half, turn, _ in scene.shapes])


def build(name: str, seed: int, x: float = 0.0, y: float = 0.0, yaw: float = 0.0) -> Scene:
    scene = empty(seed)
    YAWED[name](scene, x, y, yaw)
    return scene


@pytest.mark.parametrize('name', YAWED)
@pytest.mark.parametrize('seed', SEEDS)
def test_thing_stands_on_the_floor_and_has_a_sensible_size(name, seed):
    points = corners(build(name, seed)).reshape(-1, 3)

    low, high = points.min(0), points.max(0)
    assert -0.06 < low[2] < 0.1
    assert 0.25 < high[2] < 4.5
    assert np.linalg.norm((high - low)[:2]) < LARGEST.get(name, 3.2) + 0.7


@pytest.mark.parametrize('name', YAWED)
def test_thing_can_be_moved_and_turned_as_a_whole(name):
    here, there = build(name, 0), build(name, 0, 2.0, -1.0, np.pi / 2)

    assert len(here.shapes) == len(there.shapes)
    moved = corners(here) @ [[0, 1, 0], [-1, 0, 0], [0, 0, 1]] + [2.0, -1.0, 0]
    if name == 'cabinet':  # what lies on it is scattered, not turned
        moved, there_corners = moved[:3], corners(there)[:3]
    else:
        there_corners = corners(there)
    np.testing.assert_allclose(there_corners, moved, atol=1e-9)


def test_frame_places_parts_by_centre_and_full_size():
    scene = empty()
    frame = furniture.Frame(scene, 1.0, 2.0, np.pi / 2, base=0.5)

    frame.part(Shape.BOX, (0.3, 0.1, 0.2), (0.6, 0.4, 0.2))

    ((shape, centre, half, turn, _),) = scene.shapes
    assert shape is Shape.BOX
    np.testing.assert_allclose(centre, [0.9, 2.3, 0.7])
    np.testing.assert_allclose(half, [0.3, 0.2, 0.1])
    np.testing.assert_allclose(turn[:, 0], [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize('seed', range(30))
def test_small_thing_lies_on_its_surface(seed):
    scene = empty(seed)

    furniture.small_thing(scene, 1.0, 2.0, 0.75, 0.2)

    ((_, centre, half, _, _),) = scene.shapes
    np.testing.assert_allclose(centre[:2], [1.0, 2.0])
    assert centre[2] > 0.75
    assert half.max() < 0.6
    assert corners(scene)[0, :, 2].min() > 0.75 - 0.2


def test_litter_stays_on_its_surface():
    scene = empty()

    furniture.litter(scene, 1.0, 2.0, 0.8, (0.6, 1.0), 40, 0.1)

    centres = np.stack([shape[1] for shape in scene.shapes])
    assert len(centres) == 40
    assert (np.abs(centres[:, :2] - [1.0, 2.0]) <= [0.3, 0.5]).all()
    assert {shape[0] for shape in scene.shapes} == set(Shape)


def test_things_on_a_table_lie_on_its_top():
    scene, bare = empty(), empty()
    furniture.table(bare, 0, 0, 0, things=0)
    furniture.table(scene, 0, 0, 0, things=5)

    assert len(scene.shapes) == len(bare.shapes) + 5
    top = corners(bare)[0, :, 2].max()
    assert min(shape[1][2] for shape in scene.shapes[-5:]) > top


@pytest.mark.parametrize('seed', SEEDS)
def test_lamp_stands_on_its_base(seed):
    scene = empty(seed)

    furniture.lamp(scene, 1.0, 1.0, base=0.7)

    assert corners(scene)[..., 2].min() == pytest.approx(0.7)
    assert {shape[0] for shape in scene.shapes} == {Shape.CYLINDER}


@pytest.mark.parametrize('seed', SEEDS)
def test_tree_has_a_trunk_and_leaves_above_it(seed):
    scene, large = empty(seed), empty(seed)
    furniture.tree(scene, 0, 0)
    furniture.tree(large, 0, 0, scale=2.0)

    trunk, *leaves = scene.shapes
    assert trunk[0] is Shape.CYLINDER
    assert corners(scene)[0, :, 2].min() == pytest.approx(0)
    assert leaves
    assert all(leaf[0] is Shape.ELLIPSOID and leaf[1][2] > trunk[1][2] for leaf in leaves)
    np.testing.assert_allclose(large.shapes[0][2], 2 * trunk[2])


@pytest.mark.parametrize('seed', SEEDS)
def test_person_is_as_tall_as_people_are(seed):
    scene = empty(seed)

    furniture.person(scene, 3.0, 1.0)

    points = corners(scene)
    assert 1.45 < points[..., 2].max() < 1.95
    assert points[..., 2].min() == pytest.approx(0, abs=1e-9)
    assert np.abs(points[..., :2] - [3.0, 1.0]).max() < 0.7


@pytest.mark.parametrize('seed', SEEDS)
def test_steps_rise_evenly_along_the_flight(seed):
    scene = build('stairs', seed)
    boxes = corners(scene)

    tops, fronts = boxes[..., 2].max(1), boxes[..., 0].min(1)
    assert len(tops) >= 4
    np.testing.assert_allclose(np.diff(tops), tops[0], rtol=1e-9)
    assert 0.13 < tops[0] < 0.21
    np.testing.assert_allclose(np.diff(fronts), np.diff(fronts)[0])
    assert np.diff(fronts)[0] > 0.2


@pytest.mark.parametrize('seed', SEEDS)
def test_wall_has_an_opening_and_no_other_gap(seed):
    boxes = corners(build('wall', seed))

    def covered(y: float, z: float) -> bool:
        low, high = boxes.min(1), boxes.max(1)
        inside = (low[:, 1] <= y) & (y <= high[:, 1]) & (low[:, 2] <= z) & (z <= high[:, 2])
        return bool(inside.any())

    across = np.linspace(-1.49, 1.49, 300)
    at_chest = np.array([covered(y, 1.2) for y in across])
    gap = across[~at_chest]
    assert 0.75 < np.ptp(gap) < 1.65
    assert (np.diff(np.flatnonzero(~at_chest)) == 1).all()
    assert all(covered(y, 2.45) for y in across)
