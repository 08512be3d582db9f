# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a camera does to light."""

from __future__ import annotations

import pytest
import torch

from depth_anything_ros.data.photometry import develop, photograph


def scene_light(scale: float = 1.0, batch: int = 8) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return scale * torch.rand(batch, 3, 20, 30, generator=generator) ** 2


def shoot(linear: torch.Tensor, seed: int = 0) -> torch.Tensor:
    return photograph(linear, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize('camera', [develop, shoot])
@pytest.mark.parametrize('scale', [0.0, 1e-3, 1.0, 1e4])
def test_picture_keeps_its_shape_and_range(camera, scale):
    linear = scene_light(scale)

    picture = camera(linear)

    assert picture.shape == linear.shape
    assert picture.dtype == torch.float32
    assert picture.min() >= 0
    assert picture.max() <= 1


@pytest.mark.parametrize('scale', [1e-2, 1.0, 1e3])
def test_development_exposes_automatically(scale):
    picture = develop(scene_light(scale))

    torch.testing.assert_close(picture, develop(scene_light()), rtol=1e-4, atol=1e-5)
    assert 0.3 < picture.mean() < 0.8


def test_development_exposes_each_picture_by_itself():
    linear = scene_light(batch=2)
    linear[1] *= 100

    assert develop(linear)[0].mean() == pytest.approx(develop(scene_light(batch=2))[0].mean())
    assert abs(develop(linear)[0].mean() - develop(linear)[1].mean()) < 0.1


def test_development_keeps_the_order_of_brightness():
    ramp = torch.linspace(0.01, 0.5, 50).reshape(1, 1, 1, 50).expand(1, 3, 4, 50)

    picture = develop(ramp)

    assert (picture.diff(dim=-1) > 0).all()


def test_photographs_follow_the_generator():
    assert torch.equal(shoot(scene_light()), shoot(scene_light()))
    assert not torch.equal(shoot(scene_light()), shoot(scene_light(), seed=1))


def test_every_picture_gets_its_own_camera():
    linear = scene_light(batch=1).expand(8, -1, -1, -1)

    means = shoot(linear).mean((2, 3))

    assert len({round(value, 3) for value in means[:, 0].tolist()}) == 8
    casts = means - means.mean(1, keepdim=True)
    assert casts.std(0).min() > 1e-3


def test_photograph_still_shows_the_scene():
    linear = scene_light()
    linear[..., :15] *= 0.05

    picture = shoot(linear)

    assert (picture[..., 15:].mean((1, 2, 3)) > picture[..., :15].mean((1, 2, 3)) + 0.05).all()
