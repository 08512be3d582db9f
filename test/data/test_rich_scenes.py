# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Glass, mirrors, fog, night, leaves and hills; and that none of it changes the seeds in use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.data.dataset import open_dataset
from depth_anything_ros.data.pose import Pose
from depth_anything_ros.data.primitives import FLOOR, Scene, Shape, Weather
from depth_anything_ros.data.procedural import ProceduralWorld, pack
from depth_anything_ros.data.render import Renderer
from depth_anything_ros.data.rich_scenes import enrich, hills, sample_rich_scene, thicket
from depth_anything_ros.data.sample import DataError

HEIGHT, WIDTH = 24, 32
FOV = float(np.deg2rad(60.0))


def look(position, yaw: float = 0.0, pitch: float = 0.0) -> Pose:
    return Pose(np.array(position, float), yaw, pitch, 0.0, FOV)


def seen(renderer: Renderer, scene: Scene, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """Return the linear colours (H, W, 3) and the depth (H, W) of a scene in a fixed light."""
    batch = pack([(scene, pose)], HEIGHT, WIDTH, np.random.default_rng(0))
    color, depth = renderer(batch, HEIGHT, WIDTH)
    return color[0].permute(1, 2, 0).numpy(), depth[0].numpy()


def painted(gray, color):
    return replace(gray, first=np.array(color, float), second=np.array(color, float))


@pytest.fixture
def red_behind(plain_room, gray):
    """Return a maker of a room, its wall behind the camera red, with a pane 2 m ahead."""

    def make(pane):
        scene = plain_room(8.0, 4.0, 3.0)
        scene.shell[0] = painted(gray, (0.9, 0.05, 0.05))  # the face at x = 0
        scene.shell[1] = painted(gray, (0.05, 0.05, 0.9))  # the face at x = 8
        scene.add(Shape.BOX, (5.0, 2.0, 1.5), (0.01, 3.0, 3.0), 0.0, pane)
        return scene

    return make


def test_a_mirror_shows_what_is_behind_and_has_its_own_depth(renderer, red_behind, gray):
    color, depth = seen(renderer, red_behind(replace(gray, mirror=1.0)), look((3.0, 2.0, 1.5)))

    assert (color[10:14, 14:18, 0] > 4 * color[10:14, 14:18, 2]).all()
    np.testing.assert_allclose(depth, 1.99, rtol=1e-4)


def test_glass_shows_what_is_beyond_and_has_its_own_depth(renderer, red_behind, gray):
    color, depth = seen(renderer, red_behind(replace(gray, clear=1.0)), look((3.0, 2.0, 1.5)))

    assert (color[10:14, 14:18, 2] > 4 * color[10:14, 14:18, 0]).all()
    np.testing.assert_allclose(depth, 1.99, rtol=1e-4)


def test_a_mirror_is_where_it_would_be_in_a_drawing(renderer, plain_room, gray):
    """A box in the mirror is seen in the direction of its mirror image."""
    scene = plain_room(8.0, 4.0, 3.0)
    scene.add(Shape.BOX, (7.995, 2.0, 1.5), (0.005, 2.0, 1.5), 0.0, replace(gray, mirror=1.0))
    scene.add(
        Shape.BOX, (2.0, 1.0, 1.5), (0.1, 0.3, 0.3), 0.0, replace(painted(gray, (1, 0, 1)), glow=9)
    )
    color, _ = seen(renderer, scene, look((3.0, 2.0, 1.5)))

    # The image is at x = 2 * 7.99 - 2, so 10.98 m ahead and 1 m to the right.
    focal = np.hypot(HEIGHT, WIDTH) / 2 / np.tan(FOV / 2)
    _, column = np.unravel_index(color.sum(-1).argmax(), (HEIGHT, WIDTH))
    assert column == pytest.approx((WIDTH - 1) / 2 + focal * 1.0 / 10.98, abs=1)


def test_wet_ground_mirrors_the_sky_more_at_a_flat_angle(renderer, plain_ground):
    dry, _ = seen(renderer, plain_ground, look((0, 0, 1.5)))
    plain_ground.shell[FLOOR] = replace(plain_ground.shell[FLOOR], mirror=0.2)
    wet, depth = seen(renderer, plain_ground, look((0, 0, 1.5)))

    change = np.abs(wet - dry).mean((1, 2))
    assert change[: HEIGHT // 2 - 1].max() == 0  # the sky is the sky
    assert change[HEIGHT // 2 + 1] > 1.5 * change[-1] > 0
    assert np.isfinite(depth[HEIGHT // 2 + 1 :]).all()


def test_fog_takes_contrast_with_distance(renderer, plain_ground, gray):
    for away, y in ((4.0, -1.5), (60.0, 22.0)):
        size = away / 10
        black = painted(gray, (0, 0, 0))
        scene_box = ((away, y, 1.5), (size, size, size))
        plain_ground.add(Shape.BOX, *scene_box, 0.0, black)
    plain_ground.weather = Weather.FOG
    color, depth = seen(renderer, plain_ground, look((0, 0, 1.5)))

    near, far = np.abs(depth - 3.6) < 0.5, np.abs(depth - 54) < 7
    assert near.any() and far[: HEIGHT // 2 - 1].any()
    assert color[far].mean() > color[near & (color.sum(-1) < color.sum(-1).mean())].mean()


def test_night_is_dark_and_lamps_glow(renderer, plain_ground, gray):
    day, _ = seen(renderer, plain_ground, look((0, 0, 1.5)))
    plain_ground.weather = Weather.DARK
    plain_ground.add(Shape.BOX, (5, 0, 1.5), (0.3, 0.3, 0.3), 0.0, replace(gray, glow=1.0))
    night, depth = seen(renderer, plain_ground, look((0, 0, 1.5)))

    lamp = np.abs(depth - 4.7) < 0.1
    assert night[~lamp].mean() < 0.3 * day.mean()
    assert night[lamp].mean() > 0.4


@pytest.mark.parametrize('build', [thicket, hills, sample_rich_scene])
@pytest.mark.parametrize('seed', range(4))
def test_every_kind_of_place_can_be_rendered(renderer, build, seed):
    scene, pose = build(np.random.default_rng(seed))
    color, depth = seen(renderer, scene, pose)

    assert np.isfinite(color).all() and (color >= 0).all()
    assert (depth > 0).all() and np.isfinite(depth).any()


def test_leaves_have_depths_of_their_own(renderer):
    scene, pose = thicket(np.random.default_rng(1))
    depth = seen(renderer, scene, pose)[1]
    edges = np.abs(np.diff(1 / depth, axis=1)) > 0.02
    assert edges.mean() > 0.01


def test_what_is_drawn_follows_from_the_generator():
    first, again = (sample_rich_scene(np.random.default_rng(3))[0] for _ in range(2))
    other = sample_rich_scene(np.random.default_rng(4))[0]

    def rows(scene):
        return [material.row().tolist() for *_, material in scene.shapes], scene.weather

    assert rows(first) == rows(again) != rows(other)


def test_all_of_it_comes_up():
    kinds = set()
    for seed in range(60):
        scene, _ = sample_rich_scene(np.random.default_rng(seed))
        kinds.add(scene.weather)
        kinds |= {'mirror' for *_, m in scene.shapes if m.mirror > 0.5}
        kinds |= {'glass' for *_, m in scene.shapes if m.clear > 0.5}
        kinds |= {'wet' for _ in [0] if scene.shell[FLOOR].mirror}
        kinds |= {'lamp' for *_, m in scene.shapes if m.glow}
    assert kinds == {*Weather, 'mirror', 'glass', 'wet', 'lamp'}


def test_nothing_is_glossy_by_itself(plain_room):
    batch = pack([(plain_room(), look((1, 1, 1)))], 8, 8, np.random.default_rng(0))
    assert not batch.glossy
    scene, pose = hills(np.random.default_rng(0))
    assert scene.weather is Weather.PLAIN
    enrich(scene, pose, np.random.default_rng(2))


def test_seeds_in_use_give_what_they_gave():
    """The shipped network was trained on and is measured against such pictures."""
    pictures = ProceduralWorld(20260).sample(4, 48, 64)
    seen_depth = pictures.depth[pictures.depth.isfinite()]
    assert float(pictures.rgb.mean()) == pytest.approx(0.37922, rel=1e-3)
    assert float(seen_depth.median()) == pytest.approx(1.45957, rel=1e-3)
    again = ProceduralWorld(20260, rich=0.0).sample(4, 48, 64)
    assert torch.equal(again.rgb, pictures.rgb) and torch.equal(again.depth, pictures.depth)


def test_a_film_may_be_rich():
    plain, rich, again = (ProceduralClip(2, 32, 24, 1.0, rich=share) for share in (0, 1, 1))
    assert not np.array_equal(plain.frame(2)[1], rich.frame(2)[1])
    np.testing.assert_array_equal(again.frame(3)[0], rich.frame(3)[0])


def test_a_set_may_be_rich():
    plain, rich = (
        open_dataset('procedural', length=3, height=16, width=24, rich=share) for share in (0, 1)
    )
    assert not np.array_equal(plain[0].depth, rich[0].depth)
    again = open_dataset('procedural', length=3, height=16, width=24, rich=1)
    np.testing.assert_array_equal(again[2].rgb, rich[2].rgb)
    with pytest.raises(DataError, match='rich is 2'):
        open_dataset('procedural', rich=2)
