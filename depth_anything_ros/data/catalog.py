# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sets that can be opened, by name."""

from __future__ import annotations

from collections.abc import Callable

from depth_anything_ros.data import unlabelled
from depth_anything_ros.data.blendedmvs import blendedmvs
from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.hypersim import hypersim
from depth_anything_ros.data.irs import irs
from depth_anything_ros.data.procedural_dataset import ProceduralDataset
from depth_anything_ros.data.tartanair import tartanair
from depth_anything_ros.data.vkitti2 import vkitti2

OPENERS: dict[str, Callable[..., Dataset]] = {
    'blendedmvs': blendedmvs,
    'hypersim': hypersim,
    'irs': irs,
    'tartanair': tartanair,
    'vkitti2': vkitti2,
    'procedural': ProceduralDataset,
    **unlabelled.OPENERS,
}
"""Functions of the path and the options of a set; 'procedural' alone has no path."""
