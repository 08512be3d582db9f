# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A film with known depth."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.data.clip import ProceduralClip, travel
from depth_anything_ros.data.pose import Pose
from depth_anything_ros.data.scenes import LAYOUTS

WIDTH, HEIGHT = 40, 30
NAMES = [layout.build.__name__ for layout in LAYOUTS]


def clip(seed: int = 0, rate: float = 2.0) -> ProceduralClip:
    return ProceduralClip(seed, WIDTH, HEIGHT, rate)


def test_frame_has_the_promised_form():
    rgb, depth = clip().frame(0)

    assert (rgb.shape, rgb.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    assert (depth.shape, depth.dtype) == ((HEIGHT, WIDTH), np.float32)
    assert (depth > 0).all()
    assert rgb.std() > 5


def test_frames_do_not_depend_on_the_order_they_are_asked_for():
    film, order = clip(), [0, 5, 1, 4, 0, 9]
    forward = {index: clip().frame(index) for index in set(order)}

    for index in order:
        for got, expected in zip(film.frame(index), forward[index], strict=True):
            np.testing.assert_array_equal(got, expected)


def test_frames_and_seeds_differ():
    pictures = [clip().frame(0)[0], clip().frame(1)[0], clip(1).frame(0)[0]]

    assert len({picture.tobytes() for picture in pictures}) == 3


def test_intrinsics_are_those_of_every_rendered_frame():
    film = clip()
    intrinsics = film.intrinsics

    assert (intrinsics.width, intrinsics.height) == (WIDTH, HEIGHT)
    assert intrinsics.fx == intrinsics.fy
    assert (intrinsics.cx, intrinsics.cy) == ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    for part in range(len(LAYOUTS)):
        for batch in film._film(part, 2):
            assert batch.focal.item() == pytest.approx(intrinsics.fx, rel=1e-6)


def test_scenes_change_every_two_seconds_in_turn(monkeypatch):
    film = clip(rate=3.0)
    built = []
    film_part = film._film
    monkeypatch.setattr(
        film, '_film', lambda part, length: built.append((part, length)) or film_part(part, length)
    )

    for index in (0, 5, 6, 11, 12):
        film.frame(index)

    assert built == [(0, 6), (1, 6), (2, 6)]


def test_every_frame_knows_its_scene():
    film = clip(rate=3.0)

    assert [film.scene(index) for index in (0, 5, 6, 11, 12)] == [0, 0, 1, 1, 2]


def test_poses_are_those_of_the_walk_in_the_order_asked():
    film = clip(rate=3.0)
    asked = {index: film.pose(index) for index in (7, 0, 1)}
    scene, start = LAYOUTS[0].build(np.random.default_rng((0, 0)))

    way = travel(scene, start, 2.0, 6)

    for index in (0, 1):
        np.testing.assert_allclose(asked[index].translation, way[index].position, rtol=1e-6)
        np.testing.assert_allclose(asked[index].rotation, way[index].rotation(), atol=1e-6)
    assert not np.allclose(asked[7].translation, way[1].position)


def test_slow_films_have_a_frame_in_every_scene():
    film = ProceduralClip(0, 8, 6, 0.1)

    assert not np.array_equal(film.frame(0)[1], film.frame(1)[1])


@pytest.mark.parametrize('part', range(len(LAYOUTS)), ids=NAMES)
@pytest.mark.parametrize('seed', range(2))
def test_nothing_appears_or_vanishes_within_a_scene(seed, part):
    first, *others = clip(seed, rate=4.0)._film(part, 8)

    for batch in others:
        assert batch.centre.shape == first.centre.shape
        np.testing.assert_array_equal(batch.centre, first.centre)
        np.testing.assert_array_equal(batch.material, first.material)
        np.testing.assert_array_equal(batch.light, first.light)


@pytest.mark.parametrize('part', range(len(LAYOUTS)), ids=NAMES)
def test_depth_of_one_frame_predicts_that_of_the_next(part):
    """Points of frame 0, carried into the camera of frame 1, must lie on what it sees.

    Some are hidden there or fall between far and near; most are not.
    """
    film = clip(seed=1, rate=15.0)
    start = part * 30
    depth, next_depth = (film.frame(start + step)[1].astype(np.float64) for step in range(2))
    k = film.intrinsics
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    known = np.isfinite(depth)
    rays = np.stack(((u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones((HEIGHT, WIDTH))), -1)[known]
    world = film.pose(start).apply(rays * depth[known][:, None])

    x, y, z = film.pose(start + 1).inverse().apply(world).T

    column = np.rint(k.fx * x / z + k.cx).astype(int)
    row = np.rint(k.fy * y / z + k.cy).astype(int)
    inside = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT) & (z > 0)
    assert inside.mean() > 0.4
    seen = next_depth[row[inside], column[inside]]
    # Rounding to a pixel of slanted ground costs a few per cent of its depth.
    agree = np.abs(1 / seen - 1 / z[inside]) < 0.05 / z[inside]
    assert agree.mean() > 0.75
    still = np.abs(1 / seen - 1 / depth[known][inside]) < 1e-6 / z[inside]
    assert still.mean() < 0.9


@pytest.mark.parametrize('layout', LAYOUTS, ids=lambda layout: layout.build.__name__)
def test_walk_starts_at_the_camera_and_stays_inside(layout):
    scene, pose = layout.build(np.random.default_rng(0))

    way = travel(scene, pose, 20.0, 50)

    assert len(way) == 50
    positions = np.stack([step.position for step in way])
    assert (positions >= scene.low + 0.19).all()
    assert (positions <= scene.high - 0.19).all()
    assert np.linalg.norm(positions[0] - pose.position) < 0.2
    assert way[0].yaw == pose.yaw
    assert {(step.fov, step.roll) for step in way} == {(pose.fov, pose.roll)}


def test_walk_goes_ahead_and_faster_in_the_open(plain_room, plain_ground):
    pose = Pose(np.array([1.0, 2.0, 1.0]), 0.0, 0.0, 0.0, 1.0)

    indoors, outdoors = (
        travel(scene, pose, 2.0, 2)[1].position[0] - 1.0 for scene in (plain_room(), plain_ground)
    )

    assert 0.1 < indoors < 1 < outdoors < 10
