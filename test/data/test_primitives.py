# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Materials, rotations and the layout of scenes in memory."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.data.primitives import (
    BOXES,
    CYLINDERS,
    ELLIPSOIDS,
    EMPTY_BELOW,
    MATERIAL_WIDTH,
    SHELL_FACES,
    TEXTURES,
    Material,
    Pattern,
    Scene,
    Shape,
    random_color,
    random_material,
    random_rotation,
    yaw_rotation,
)

SLOTS = BOXES + ELLIPSOIDS + CYLINDERS
NOWHERE = np.array([[0.0, 0.0, 500.0]])


def gray(value: float = 0.5) -> Material:
    return Material(np.full(3, value), np.full(3, 0.25), Pattern.TILES, 0.3, 0.1, 7)


def empty_scene(seed: int = 0) -> Scene:
    shell = [gray(0.1 * face) for face in range(SHELL_FACES)]
    return Scene(np.random.default_rng(seed), np.zeros(3), np.array([4.0, 5.0, 3.0]), False, shell)


def test_material_packs_into_one_row():
    material = Material(
        np.array([0.1, 0.2, 0.3]), np.array([0.4, 0.5, 0.6]), Pattern.BRICKS, 0.7, 0.8, 9
    )

    row = material.row()

    assert row.dtype == np.float32
    assert len(row) == MATERIAL_WIDTH
    np.testing.assert_allclose(
        row, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 3, 0.7, 0.8, 9, 0, 0, 0], rtol=1e-6
    )


def test_random_materials_are_within_their_ranges_and_use_every_pattern():
    rng = np.random.default_rng(0)
    materials = [random_material(rng) for _ in range(300)]

    for material in materials:
        assert ((material.first >= 0) & (material.first <= 1)).all()
        assert ((material.second >= 0) & (material.second <= 1)).all()
        assert 0 <= material.grain <= 1
        assert material.period > 0
        assert 0 <= material.texture < TEXTURES
    assert {material.pattern for material in materials} == set(Pattern)
    assert len({material.texture for material in materials}) == TEXTURES


def test_plain_materials_have_no_pattern():
    rng = np.random.default_rng(1)

    assert {random_material(rng, plain=1.0).pattern for _ in range(50)} == {Pattern.NOISE}


def test_random_colors_are_visible_and_below_one():
    rng = np.random.default_rng(2)
    colors = np.stack([random_color(rng) for _ in range(500)])

    assert colors.min() >= 0
    assert 0.5 < colors.max() <= 0.9


@pytest.mark.parametrize('angle', [0.0, 0.3, -2.0])
def test_yaw_turns_about_the_vertical(angle):
    turned = yaw_rotation(angle) @ [1.0, 0.0, 5.0]

    np.testing.assert_allclose(turned, [np.cos(angle), np.sin(angle), 5.0])


def test_random_rotations_are_rotations_spread_over_all_directions():
    rng = np.random.default_rng(3)
    turns = np.stack([random_rotation(rng) for _ in range(2000)])

    identity = np.broadcast_to(np.eye(3), turns.shape)
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), identity, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(turns), 1.0)
    # Of a uniform rotation every entry has mean 0 and variance 1/3.
    assert np.abs(turns.mean(0)).max() < 0.06
    assert np.abs(turns.var(0) - 1 / 3).max() < 0.04


def test_packed_scene_has_fixed_shapes():
    packed = empty_scene().pack(NOWHERE, 0.25)

    shapes = {name: values.shape for name, values in packed.items()}
    assert shapes == {
        'matrix': (SLOTS, 3, 3),
        'centre': (SLOTS, 3),
        'half_size': (SLOTS, 3),
        'material': (SHELL_FACES + SLOTS, MATERIAL_WIDTH),
        'low': (3,),
        'high': (3,),
        'open_air': (),
    }
    assert (packed['centre'][:, 2] < EMPTY_BELOW).all()
    np.testing.assert_allclose(packed['material'][:6, 0], 0.1 * np.arange(6), rtol=1e-6)
    np.testing.assert_allclose(packed['high'], [4, 5, 3])
    assert not packed['open_air']


@pytest.mark.parametrize(
    ('shape', 'slot'),
    [(Shape.BOX, 0), (Shape.ELLIPSOID, BOXES), (Shape.CYLINDER, BOXES + ELLIPSOIDS)],
)
def test_primitive_lies_in_the_first_slot_of_its_kind(shape, slot):
    scene = empty_scene()
    scene.add(shape, (1.0, 2.0, 0.5), (0.4, 0.3, 0.2), 0.5, gray(0.75))

    packed = scene.pack(NOWHERE, 0.25)

    np.testing.assert_array_equal(np.flatnonzero(packed['centre'][:, 2] > EMPTY_BELOW), [slot])
    np.testing.assert_allclose(packed['centre'][slot], [1.0, 2.0, 0.5])
    np.testing.assert_allclose(packed['half_size'][slot], [0.4, 0.3, 0.2], rtol=1e-6)
    np.testing.assert_allclose(packed['material'][SHELL_FACES + slot], gray(0.75).row())


@pytest.mark.parametrize('rotation', [0.7, random_rotation(np.random.default_rng(5))])
def test_matrix_carries_the_primitive_to_its_unit_shape(rotation):
    scene = empty_scene()
    scene.add(Shape.BOX, (1.0, 2.0, 0.5), (0.4, 0.3, 0.2), rotation, gray())
    packed = scene.pack(NOWHERE, 0.25)
    turn = rotation if isinstance(rotation, np.ndarray) else yaw_rotation(rotation)
    local = np.random.default_rng(6).uniform(-1, 1, (20, 3))
    world = np.array([1.0, 2.0, 0.5]) + (local * [0.4, 0.3, 0.2]) @ turn.T

    found = (world - packed['centre'][0]) @ packed['matrix'][0].T

    np.testing.assert_allclose(found, local, atol=1e-5)


def test_flat_primitive_keeps_a_thickness():
    scene = empty_scene()
    scene.add(Shape.BOX, (1.0, 1.0, 1.0), (1.0, 1.0, 0.0), 0.0, gray())

    packed = scene.pack(NOWHERE, 0.25)

    assert packed['half_size'][0, 2] == pytest.approx(1e-3)
    assert np.isfinite(packed['matrix']).all()


@pytest.mark.parametrize(
    ('distance', 'stays'), [(0.6, True), (0.45, True), (0.35, False), (0.0, False), (-0.5, False)]
)
def test_nothing_stands_near_where_a_camera_will_be(distance, stays):
    scene = empty_scene()
    scene.add(Shape.BOX, (0.0, 0.0, 1.0), (2.0, 0.5, 0.5), 0.5, gray())
    beside = yaw_rotation(0.5) @ [1.5, 0.5 + distance, 1.0]
    points = np.array([[0.0, 100.0, 0.0], beside])

    packed = scene.pack(points, 0.4)

    assert (packed['centre'][0, 2] > EMPTY_BELOW) == stays


def test_too_many_primitives_leave_a_choice_that_fills_every_slot():
    scene = empty_scene()
    for number in range(ELLIPSOIDS + 10):
        scene.add(Shape.ELLIPSOID, (number, 0.0, 1.0), (0.1, 0.1, 0.1), 0.0, gray())

    packed = scene.pack(NOWHERE, 0.25)

    places = packed['centre'][BOXES : BOXES + ELLIPSOIDS, 0]
    assert len(set(places.tolist())) == ELLIPSOIDS
    assert places.max() < ELLIPSOIDS + 10
    assert (packed['centre'][:BOXES, 2] < EMPTY_BELOW).all()
    assert (packed['centre'][BOXES + ELLIPSOIDS :, 2] < EMPTY_BELOW).all()
