# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every layout, indoors and outdoors: it builds, and its camera has a place to stand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from depth_anything_ros.data import scenes
from depth_anything_ros.data.primitives import SHELL_FACES, Shape
from depth_anything_ros.data.scenes import LAYOUTS, Layout, clutter, sample_scene

SEEDS = range(20)
by_layout = pytest.mark.parametrize('layout', LAYOUTS, ids=lambda layout: layout.build.__name__)


@by_layout
@pytest.mark.parametrize('seed', SEEDS)
def test_layout_builds_a_sound_scene_around_its_camera(layout, seed):
    scene, pose = layout.build(np.random.default_rng(seed))

    assert len(scene.shell) == SHELL_FACES
    assert scene.shapes
    assert ((pose.position > scene.low) & (pose.position < scene.high)).all()
    assert 0.05 < pose.position[2] < 2.7
    assert abs(pose.pitch) < 1.7
    assert abs(pose.roll) < 1
    assert np.deg2rad(49) < pose.fov < np.deg2rad(96)
    for shape, centre, half, rotation, material in scene.shapes:
        assert isinstance(shape, Shape)
        assert np.isfinite(centre).all()
        assert (half > 0).all()
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
        assert ((material.first >= 0) & (material.first <= 1)).all()
        assert ((material.second >= 0) & (material.second <= 1)).all()
        assert material.period > 0


@by_layout
def test_layout_follows_its_generator(layout):
    def places(seed: int) -> np.ndarray:
        scene, pose = layout.build(np.random.default_rng(seed))
        return np.vstack([pose.position, *(shape[1] for shape in scene.shapes)])

    np.testing.assert_array_equal(places(3), places(3))
    first, other = places(3), places(4)
    assert first.shape != other.shape or not np.array_equal(first, other)


@by_layout
def test_layout_is_in_the_open_or_not(layout):
    open_air = {layout.build(np.random.default_rng(seed))[0].open_air for seed in SEEDS}

    expected = {'street': {True}, 'field': {True}, 'clutter': {False, True}}
    assert open_air == expected.get(layout.build.__name__, {False})


@by_layout
def test_camera_looks_into_the_scene(layout):
    # A camera that faced a wall at arm's length all the time would teach nothing.
    ahead = []
    for seed in SEEDS:
        scene, pose = layout.build(np.random.default_rng(seed))
        forward = pose.rotation()[:, 2]
        wall = np.where(forward > 0, scene.high, scene.low)
        ahead.append(((wall - pose.position) / forward).min())

    assert np.median(ahead) > 0.5


def test_layouts_are_drawn_by_their_shares(monkeypatch):
    drawn = Counter()

    def build(name: str):
        return lambda rng: drawn.update([name]) or (name, name)

    shares = {'often': 3.0, 'seldom': 1.0, 'never': 0.0}
    monkeypatch.setattr(
        scenes, 'LAYOUTS', tuple(Layout(build(name), share) for name, share in shares.items())
    )
    rng = np.random.default_rng(0)

    for _ in range(1000):
        sample_scene(rng)

    assert 700 < drawn['often'] < 800
    assert drawn['never'] == 0
    assert drawn['often'] + drawn['seldom'] == 1000


def test_all_layouts_have_a_share():
    assert all(layout.share > 0 for layout in LAYOUTS)
    assert {layout.build.__name__ for layout in LAYOUTS} == {
        'room', 'street', 'desk', 'field', 'corridor', 'clutter'
    }  # fmt: skip


def test_clutter_is_turned_in_every_direction():
    scene, _ = clutter(np.random.default_rng(0))
    upright = [abs(rotation[2, 2]) > 0.999 for _, _, _, rotation, _ in scene.shapes]

    assert np.mean(upright) < 0.1
