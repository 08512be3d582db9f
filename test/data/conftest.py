# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hand-made scenes whose pictures can be worked out on paper."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from depth_anything_ros.data import shading
from depth_anything_ros.data.primitives import Material, Pattern, Scene
from depth_anything_ros.data.render import Renderer

GRAY = Material(np.full(3, 0.5), np.full(3, 0.5), Pattern.NOISE, 1.0, 0.0, 0)


@pytest.fixture
def gray() -> Material:
    """Return a material without any pattern or grain, 0.5 in every channel."""
    return GRAY


@pytest.fixture
def plain_room() -> Callable[..., Scene]:
    """Return a maker of empty gray rooms with a corner in the origin: (length, width, height)."""

    def make(length: float = 6.0, width: float = 4.0, height: float = 3.0) -> Scene:
        high = np.array([length, width, height])
        return Scene(np.random.default_rng(0), np.zeros(3), high, False, [GRAY] * 6)

    return make


@pytest.fixture
def plain_ground() -> Scene:
    """Return empty gray ground under the sky, 1 km in every direction."""
    low, high = np.array([-1000.0, -1000.0, 0.0]), np.full(3, 1000.0)
    return Scene(np.random.default_rng(0), low, high, True, [GRAY] * 6)


@pytest.fixture(scope='session')
def noise_bank() -> torch.Tensor:
    """Return a bank of noise textures."""
    return shading.noise_bank(torch.Generator().manual_seed(0))


@pytest.fixture(scope='session')
def renderer(noise_bank: torch.Tensor) -> Renderer:
    """Return an uncompiled renderer."""
    return Renderer(noise_bank)
