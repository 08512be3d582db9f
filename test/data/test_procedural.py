# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The endless supply of pictures with exact depth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_anything_ros.data.pose import Pose
from depth_anything_ros.data.primitives import Shape
from depth_anything_ros.data.procedural import (
    KEEP_CLEAR,
    Pictures,
    ProceduralWorld,
    draw_light,
    pack,
)
from depth_anything_ros.data.scenes import LAYOUTS
from depth_anything_ros.data.shading import noise_bank

HEIGHT, WIDTH = 24, 32


@pytest.fixture(scope='module')
def world() -> ProceduralWorld:
    return ProceduralWorld(0)


def draw(world: ProceduralWorld, seed: int, count: int = 3) -> Pictures:
    world.reseed(seed)
    return world.sample(count, HEIGHT, WIDTH)


def assert_same(first: Pictures, second: Pictures) -> None:
    for name in ('rgb', 'depth', 'focal'):
        assert torch.equal(getattr(first, name), getattr(second, name)), name


def test_pictures_have_the_promised_form(world):
    pictures = draw(world, 0, count=4)

    assert pictures.rgb.shape == (4, 3, HEIGHT, WIDTH)
    assert pictures.depth.shape == (4, HEIGHT, WIDTH)
    assert pictures.focal.shape == (4,)
    assert pictures.rgb.dtype == pictures.depth.dtype == torch.float32
    assert 0 <= pictures.rgb.min() < pictures.rgb.max() <= 1
    assert (pictures.depth > 0).all()
    assert not pictures.depth.isnan().any()
    # Diagonal fields of view lie between 50 and 95 degrees.
    diagonal = np.hypot(HEIGHT, WIDTH)
    fov = np.rad2deg(2 * np.arctan(diagonal / 2 / pictures.focal.numpy()))
    assert ((fov > 49.9) & (fov < 95.1)).all()


def test_pictures_show_something(world):
    pictures = draw(world, 0, count=6)

    assert (pictures.rgb.std((1, 2, 3)) > 0.02).all()
    assert all(len(depth.unique()) > 50 for depth in pictures.depth)


def test_same_seed_gives_the_same_pictures():
    assert_same(ProceduralWorld(7).sample(2, 12, 16), ProceduralWorld(7).sample(2, 12, 16))


def test_reseeding_starts_the_sequence_anew(world):
    first = draw(world, 3)
    world.sample(1, 12, 16)

    assert_same(draw(world, 3), first)


def test_other_seeds_and_later_calls_give_other_pictures(world):
    first, other = draw(world, 3), draw(world, 4)
    world.reseed(3)
    world.sample(3, HEIGHT, WIDTH)
    later = world.sample(3, HEIGHT, WIDTH)

    for pictures in (other, later):
        assert not torch.equal(pictures.depth, first.depth)
        assert not torch.equal(pictures.rgb, first.rgb)


@pytest.mark.parametrize('layout', LAYOUTS, ids=lambda layout: layout.build.__name__)
def test_sky_is_only_in_the_open_and_nothing_stands_in_the_cameras_face(renderer, layout):
    placed = [layout.build(np.random.default_rng(seed)) for seed in range(3)]
    for scene, pose in placed:
        batch = pack([(scene, pose)], HEIGHT, WIDTH, np.random.default_rng(0)).trimmed()
        depth = renderer(batch, HEIGHT, WIDTH)[1][0].numpy()

        sky = np.isinf(depth)
        assert scene.open_air or not sky.any()
        v, u = np.mgrid[:HEIGHT, :WIDTH]
        focal = batch.focal.item()
        x, y = (u - (WIDTH - 1) / 2) / focal, (v - (HEIGHT - 1) / 2) / focal
        rays = np.stack((x, y, np.ones_like(x)), -1) @ pose.rotation().T
        assert (rays[sky][:, 2] > -1e-3).all()
        reach = depth * np.linalg.norm(rays, axis=-1)
        points = pose.position + np.where(sky, 0, depth)[..., None] * rays
        gap = np.minimum(points - scene.low, scene.high - points).min(-1)
        thing = ~sky & (gap > 2e-3)
        assert reach[thing].min(initial=np.inf) > KEEP_CLEAR - 1e-3


@pytest.mark.parametrize('seed', range(5))
def test_lamps_hang_in_their_room_and_the_sun_stands_over_the_horizon(
    seed, plain_room, plain_ground
):
    rng = np.random.default_rng(seed)
    room = plain_room()
    lamp, sun = draw_light(room, rng), draw_light(plain_ground, rng)

    assert ((lamp['light'] > room.low) & (lamp['light'] < room.high)).all()
    assert lamp['haze'] == 0
    assert np.linalg.norm(sun['light']) == pytest.approx(1)
    assert sun['light'][2] > 0.1
    for light in (lamp, sun):
        assert (light['light_color'] > 0).all()
        assert (light['ambient'] > 0).all()
        assert light['haze'] >= 0


def test_pack_keeps_the_whole_path_clear(plain_room, gray):
    scene = plain_room()
    for x in (1.0, 3.0, 5.0):
        scene.add(Shape.BOX, (x, 2.0, 1.0), (0.1, 0.1, 0.1), 0.0, gray)
    pose = Pose(np.array([1.0, 2.0, 1.0]), 0.0, 0.0, 0.0, 1.2)
    path = np.array([[3.0, 2.0, 1.2], [5.0, 2.0, 1.2]])

    own = pack([(scene, pose)], 8, 8, np.random.default_rng(0)).trimmed()
    along = pack([(scene, pose)], 8, 8, np.random.default_rng(0), path).trimmed()

    assert own.centre[0, : own.bounds[0], 0].tolist() == [3.0, 5.0]
    assert along.centre[0, : along.bounds[0], 0].tolist() == [1.0]


def test_developed_picture_has_the_same_depth_and_no_camera_noise(world, plain_room):
    pose = Pose(np.array([1.0, 2.0, 1.0]), 0.0, 0.1, 0.0, 1.2)
    batch = pack([(plain_room(), pose)], HEIGHT, WIDTH, np.random.default_rng(0))

    first, second = (world.develop(batch, HEIGHT, WIDTH) for _ in range(2))

    assert_same(first, second)
    assert torch.equal(first.focal, batch.focal)
    assert 0 <= first.rgb.min() <= first.rgb.max() <= 1


def test_noise_textures_come_from_the_first_seed():
    world = ProceduralWorld(5)
    world.reseed(6)

    assert torch.equal(world._render.bank, noise_bank(torch.Generator().manual_seed(5)))
