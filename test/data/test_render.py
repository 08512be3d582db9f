# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of hand-made scenes: depth worked out on paper, light and texture in their places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from depth_anything_ros.data.pose import Pose
from depth_anything_ros.data.primitives import (
    BOXES,
    Material,
    Pattern,
    Scene,
    Shape,
    random_rotation,
)
from depth_anything_ros.data.procedural import pack
from depth_anything_ros.data.render import Batch, Renderer

HEIGHT, WIDTH = 48, 64
FOV = float(np.deg2rad(80.0))
FOCAL = np.hypot(HEIGHT, WIDTH) / 2 / np.tan(FOV / 2)


def look(position, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Pose:
    return Pose(np.array(position, float), yaw, pitch, roll, FOV)


def packed(scene: Scene, pose: Pose) -> Batch:
    return pack([(scene, pose)], HEIGHT, WIDTH, np.random.default_rng(0))


def depth_of(renderer: Renderer, scene: Scene, pose: Pose) -> np.ndarray:
    """Return the (HEIGHT, WIDTH) depth of one scene."""
    return renderer(packed(scene, pose), HEIGHT, WIDTH)[1][0].numpy()


def in_world(depth: np.ndarray, pose: Pose) -> np.ndarray:
    """Back-project with the pinhole formula: (HEIGHT, WIDTH, 3) world points.

    Sky comes back as the camera's own position.
    """
    depth = np.where(np.isfinite(depth), depth, 0)
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    x = (u - (WIDTH - 1) / 2) / FOCAL * depth
    y = (v - (HEIGHT - 1) / 2) / FOCAL * depth
    return pose.position + np.stack((x, y, depth), -1) @ pose.rotation().T


def test_wall_ahead_has_one_depth_for_every_pixel(renderer, plain_room):
    depth = depth_of(renderer, plain_room(6.0, 40.0, 40.0), look((1.5, 20.0, 20.0)))

    np.testing.assert_allclose(depth, 4.5, rtol=1e-5)


@pytest.mark.parametrize(('height', 'pitch'), [(1.5, 0.0), (0.4, 0.25), (2.0, -0.1)])
def test_ground_has_the_depth_of_its_row_and_sky_is_infinite(renderer, plain_ground, height, pitch):
    depth = depth_of(renderer, plain_ground, look((0, 0, height), 0.3, pitch))

    rows = np.arange(HEIGHT) - (HEIGHT - 1) / 2
    descent = np.sin(pitch) + rows / FOCAL * np.cos(pitch)
    ground = descent > 0
    assert 0.2 < ground.mean() < 1
    expected = np.where(ground, height / np.where(ground, descent, 1), np.inf)
    np.testing.assert_allclose(depth, np.repeat(expected[:, None], WIDTH, 1), rtol=1e-4)


def test_sphere_has_its_exact_depth(renderer, plain_room, gray):
    scene, pose = plain_room(20.0, 20.0, 20.0), look((2.0, 10.0, 10.0))
    centre, radius = np.array([6.0, 10.5, 9.8]), 1.2
    scene.add(Shape.ELLIPSOID, tuple(centre), (radius,) * 3, 0.7, gray)

    depth = depth_of(renderer, scene, pose)

    v, u = np.mgrid[:HEIGHT, :WIDTH]
    rays = np.stack(
        ((u - (WIDTH - 1) / 2) / FOCAL, (v - (HEIGHT - 1) / 2) / FOCAL, np.ones(u.shape)), -1
    )
    rays = rays @ pose.rotation().T
    a = (rays**2).sum(-1)
    b = rays @ (centre - pose.position)
    c = ((centre - pose.position) ** 2).sum() - radius**2
    root = b * b - a * c
    hit, clear_miss = root > 0.05, root < -0.05
    assert hit.sum() > 200
    assert clear_miss.sum() > 200
    np.testing.assert_allclose(depth[hit], ((b[hit] - np.sqrt(root[hit])) / a[hit]), rtol=1e-4)
    assert depth[clear_miss].min() > 5.3


@pytest.mark.parametrize('seed', range(4))
def test_every_pixel_lies_on_a_surface_of_the_room(renderer, plain_room, gray, seed):
    rng = np.random.default_rng(seed)
    scene = plain_room()
    turn, centre, half = random_rotation(rng), np.array([4.0, 2.0, 1.2]), rng.uniform(0.3, 0.8, 3)
    scene.add(Shape.BOX, tuple(centre), tuple(half), turn, gray)
    scene.add(Shape.CYLINDER, (2.5, 2.9, 0.5), (0.3, 0.3, 0.5), 0.0, gray)
    pose = look((0.5, 2.0, 1.6), *rng.normal(0, 0.1, 3))

    depth = depth_of(renderer, scene, pose)

    assert np.isfinite(depth).all()
    points = in_world(depth, pose)
    on_shell = np.minimum(np.abs(points), np.abs(points - scene.high)).min(-1) < 1e-4
    local = (points - centre) @ turn / half
    on_box = np.abs(np.abs(local).max(-1) - 1) < 2e-3
    radius = np.hypot(points[..., 0] - 2.5, points[..., 1] - 2.9)
    on_cylinder = (np.abs(radius - 0.3) < 2e-3) & (points[..., 2] < 1.001)
    on_cylinder |= (np.abs(points[..., 2] - 1.0) < 2e-3) & (radius < 0.301)
    assert (on_shell | on_box | on_cylinder).all()
    assert (on_box & ~on_shell).sum() > 100
    assert (on_cylinder & ~on_shell).sum() > 10
    assert (points > -1e-4).all()
    assert (points < scene.high + 1e-4).all()


def test_depth_jumps_where_a_box_edge_projects_to(renderer, plain_room, gray):
    scene, pose = plain_room(), look((0.5, 1.5, 1.2), 0.2, 0.1, 0.15)
    scene.add(Shape.BOX, (3.0, 2.0, 1.0), (0.5, 0.6, 0.7), 0.0, gray)

    depth = depth_of(renderer, scene, pose)

    corner = np.array([2.5, 2.6, 1.7])  # upper left one of the side that faces the camera
    x, y, z = (corner - pose.position) @ pose.rotation()
    u, v = FOCAL * x / z + (WIDTH - 1) / 2, FOCAL * y / z + (HEIGHT - 1) / 2
    assert depth[int(np.ceil(v)) + 1, int(np.ceil(u)) + 1] == pytest.approx(z, rel=0.1)
    for row, column in (
        (int(np.floor(v)) - 1, int(np.floor(u)) - 1),
        (int(np.floor(v)) - 1, int(np.ceil(u)) + 1),
        (int(np.ceil(v)) + 1, int(np.floor(u)) - 1),
    ):
        assert depth[row, column] > 1.2 * z


def test_shell_hides_what_stands_behind_it(renderer, plain_room, gray):
    scene, pose = plain_room(6.0, 40.0, 40.0), look((1.5, 20.0, 20.0))
    scene.add(Shape.BOX, (8.0, 20.0, 20.0), (1.0, 3.0, 3.0), 0.0, gray)

    np.testing.assert_allclose(depth_of(renderer, scene, pose), 4.5, rtol=1e-5)


def two_scenes(plain_room, plain_ground) -> list[tuple[Scene, Pose]]:
    room = plain_room()
    rng = np.random.default_rng(1)
    for shape, count in ((Shape.BOX, 7), (Shape.ELLIPSOID, 2), (Shape.CYLINDER, 3)):
        for _ in range(count):
            room.add(shape, tuple(rng.uniform(2, 4, 3) / (1, 1, 2)), (0.3, 0.2, 0.4), 0.5)
    plain_ground.add(Shape.BOX, (5.0, 0.0, 1.0), (0.5, 0.5, 1.0), 0.3)
    return [(room, look((0.4, 2, 1.5))), (plain_ground, look((0, 0, 1.4), 0.0, 0.1))]


def test_trimmed_batch_renders_the_same(renderer, plain_room, plain_ground):
    placed = two_scenes(plain_room, plain_ground)
    batch = pack(placed, HEIGHT, WIDTH, np.random.default_rng(0))
    trimmed = batch.trimmed()

    assert trimmed.matrix.shape[1] == 7 + 2 + 3
    assert trimmed.bounds == (7, 9)
    for whole, fewer in zip(
        renderer(batch, HEIGHT, WIDTH), renderer(trimmed, HEIGHT, WIDTH), strict=True
    ):
        torch.testing.assert_close(whole, fewer)


def test_trimmed_empty_batch_keeps_a_slot_of_each_kind(renderer, plain_room):
    batch = packed(plain_room(), look((1, 2, 1)))
    trimmed = batch.trimmed()

    assert (trimmed.matrix.shape[1], trimmed.bounds) == (3, (1, 2))
    assert torch.equal(renderer(trimmed, HEIGHT, WIDTH)[1], renderer(batch, HEIGHT, WIDTH)[1])


def test_pictures_of_a_batch_do_not_touch_each_other(renderer, plain_room, plain_ground):
    placed = two_scenes(plain_room, plain_ground)
    together = renderer(pack(placed, HEIGHT, WIDTH, np.random.default_rng(0)), HEIGHT, WIDTH)[1]

    for depth, (scene, pose) in zip(together, placed, strict=True):
        np.testing.assert_allclose(depth, depth_of(renderer, scene, pose), rtol=1e-5)


def test_batch_moves_to_a_device_whole(plain_room):
    batch = packed(plain_room(), look((1, 2, 1))).trimmed()

    moved = batch.to(torch.device('meta'))

    assert moved.bounds == batch.bounds
    assert moved.matrix.device.type == moved.haze.device.type == 'meta'


def lit(batch: Batch, light, ambient: float = 0.2) -> Batch:
    """Return the batch with one white lamp or sun, some ambient light, and clear air."""
    return replace(
        batch,
        light=torch.tensor([light]).float(),
        light_color=torch.ones(1, 3),
        ambient=torch.full((1, 3), ambient),
        haze=torch.zeros(1),
    )


def test_box_between_lamp_and_floor_darkens_the_floor(renderer, plain_room, gray):
    pose, lamp = look((0.3, 2.0, 1.0), 0.0, 0.3), [3.0, 2.0, 2.8]
    without = plain_room()
    shaded = plain_room()
    shaded.add(Shape.BOX, (3.0, 2.0, 1.8), (0.4, 0.4, 0.05), 0.0, gray)
    bright, depth = renderer(lit(packed(without, pose), lamp), HEIGHT, WIDTH)
    dark, depth_shaded = renderer(lit(packed(shaded, pose), lamp), HEIGHT, WIDTH)
    points = in_world(depth[0].numpy(), pose)
    seen = np.isclose(depth[0].numpy(), depth_shaded[0].numpy()) & (points[..., 2] < 1e-3)
    # From 2.8 m the slab at 1.85 m (its top) shadows 0.4 * 2.8 / 0.95 = 1.18 m either way.
    reach = np.abs(points[..., :2] - [3.0, 2.0]).max(-1)
    inside, outside = seen & (reach < 1.1), seen & (reach > 1.3)
    assert inside.sum() > 20
    assert outside.sum() > 20

    ratio = (dark[0].mean(0) / bright[0].mean(0)).numpy()

    assert ratio[inside].max() < 0.8
    np.testing.assert_allclose(ratio[outside], 1, rtol=1e-4)
    # In the shadow only the ambient light is left.
    np.testing.assert_allclose(dark[0].numpy()[:, inside], 0.5 * 0.2, rtol=1e-3)


def test_sun_shadows_lie_away_from_the_sun(renderer, plain_ground, gray):
    pose = look((-4.0, 0.0, 4.0), 0.0, 0.7)
    plain_ground.add(Shape.BOX, (0.0, 0.0, 1.0), (0.3, 0.3, 1.0), 0.0, gray)
    sun = [0.0, np.sqrt(0.5), np.sqrt(0.5)]  # 45 degrees high over +y: the shadow lies along -y

    linear, depth = renderer(lit(packed(plain_ground, pose), sun), HEIGHT, WIDTH)

    points, luma = in_world(depth[0].numpy(), pose), linear[0].mean(0).numpy()
    ground = np.abs(points[..., 2]) < 1e-2
    level = np.abs(points[..., 0]) < 0.25
    shadow = ground & level & (points[..., 1] < -0.5) & (points[..., 1] > -1.9)
    mirrored = ground & level & (points[..., 1] > 0.5) & (points[..., 1] < 1.9)
    assert shadow.sum() > 10
    assert mirrored.sum() > 10
    np.testing.assert_allclose(luma[shadow], 0.5 * 0.2, rtol=1e-3)
    np.testing.assert_allclose(luma[mirrored], 0.5 * (0.2 + np.sqrt(0.5)), rtol=1e-3)


def test_round_surfaces_are_bright_towards_the_light(renderer, plain_ground, gray):
    pose = look((0.0, 0.0, 2.0))
    plain_ground.add(Shape.ELLIPSOID, (5.0, 0.0, 2.0), (1.0, 1.0, 1.0), 0.0, gray)

    linear, depth = renderer(lit(packed(plain_ground, pose), [0.0, 1.0, 0.0]), HEIGHT, WIDTH)

    points, luma = in_world(depth[0].numpy(), pose), linear[0].mean(0).numpy()
    normal = points - np.array([5.0, 0.0, 2.0])
    ball = np.abs(np.linalg.norm(normal, axis=-1) - 1) < 1e-3
    assert ball.sum() > 100
    bounce = 0.2 * (0.75 + 0.25 * normal[..., 2])
    expected = 0.5 * (bounce + np.maximum(normal[..., 1], 0))
    facing = ball & (np.abs(normal[..., 1]) > 0.1)
    np.testing.assert_allclose(luma[facing], expected[facing], atol=5e-3)


def test_texture_sticks_to_its_place_on_the_floor(renderer, plain_room, gray):
    scene = plain_room(20.0, 20.0, 9.0)
    checker = Material(np.full(3, 0.1), np.full(3, 0.9), Pattern.CHECKER, 2.0, 0.0, 0)
    scene.shell = [gray] * 4 + [checker, gray]
    pose = look((9.0, 9.0, 3.0), 0.4, 0.8)
    batch = replace(lit(packed(scene, pose), [1, 1, 1]), light_color=torch.zeros(1, 3))

    linear, depth = renderer(replace(batch, ambient=torch.ones(1, 3)), HEIGHT, WIDTH)

    points, luma = in_world(depth[0].numpy(), pose), linear[0].mean(0).numpy()
    fraction = points[..., :2] / 2.0 % 1
    clear = (np.abs(points[..., 2]) < 1e-3) & (np.abs(fraction - 0.5) < 0.48).all(-1)
    clear &= (np.abs(fraction - 0.5) > 0.02).all(-1)
    odd = (fraction[..., 0] > 0.5) ^ (fraction[..., 1] > 0.5)
    assert (clear & odd).sum() > 100
    assert (clear & ~odd).sum() > 100
    assert luma[clear & odd].min() > 0.6
    assert luma[clear & ~odd].max() < 0.4


def test_haze_veils_what_is_far(renderer, plain_ground):
    pose = look((0.0, 0.0, 1.5), 0.0, 0.05)
    batch = lit(packed(plain_ground, pose), [0.0, 0.0, 1.0])
    batch = replace(batch, sky_tint=torch.ones(1, 3))
    clear, depth = renderer(batch, HEIGHT, WIDTH)
    hazy, same_depth = renderer(replace(batch, haze=torch.tensor([0.05])), HEIGHT, WIDTH)

    assert torch.equal(depth, same_depth)
    ground = torch.isfinite(depth[0])
    left = torch.exp(-0.05 * depth[0][ground])
    expected = clear[0][:, ground] * left + 0.9 * (1 - left)
    torch.testing.assert_close(hazy[0][:, ground], expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(hazy[0][:, ~ground], clear[0][:, ~ground])


def test_slots_beyond_a_kind_do_not_change_the_other_kinds(renderer, plain_room, gray):
    # A full set of boxes must not spill into the slots of ellipsoids.
    scene, pose = plain_room(20.0, 20.0, 20.0), look((1.0, 10.0, 10.0))
    for number in range(BOXES):
        scene.add(Shape.BOX, (19.0, 0.2 * number, 1.0), (0.05, 0.05, 0.05), 0.0, gray)
    scene.add(Shape.ELLIPSOID, (5.0, 10.0, 10.0), (1.0, 1.0, 1.0), 0.0, gray)

    depth = depth_of(renderer, scene, pose)

    assert depth[HEIGHT // 2, WIDTH // 2] == pytest.approx(3.0, abs=0.02)
