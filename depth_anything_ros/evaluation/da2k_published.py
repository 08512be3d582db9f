# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is published about DA-2K: accuracies in percent, by scene where they are given."""

from __future__ import annotations

from dataclasses import dataclass

PAPER_SCENES = 'Depth Anything V2 (arXiv 2406.09414), table 14'
PAPER = 'Depth Anything V2 (arXiv 2406.09414), table 3'
OUTSIDERS = 'full run of the released file by outsiders (maaz-zubairi/depth-anything-v2-repro)'

_ORDER = (
    'indoor', 'outdoor', 'non_real', 'transparent_reflective', 'adverse_style', 'aerial',
    'underwater', 'object',
)  # fmt: skip


@dataclass(frozen=True)
class PublishedRow:
    """A method's mean over pairs and its scenes, in percent, and who says so.

    ``measured_here`` is False for all: these are others' numbers.
    """

    method: str
    mean: float
    source: str
    scenes: dict[str, float]


def _row(method: str, *percent: float) -> PublishedRow:
    *scenes, mean = percent
    return PublishedRow(method, mean, PAPER_SCENES, dict(zip(_ORDER, scenes, strict=True)))


PUBLISHED = (
    _row('Depth Anything V2 Small', 92.9, 93.0, 98.4, 94.4, 95.7, 96.4, 99.2, 96.6, 95.3),
    _row('Depth Anything V2 Base', 96.2, 94.8, 98.7, 96.3, 96.7, 99.0, 100.0, 97.3, 97.0),
    _row('Depth Anything V2 Large', 96.4, 93.9, 99.0, 96.3, 97.3, 99.5, 99.2, 98.0, 97.1),
    PublishedRow('Depth Anything V2 Giant', 97.4, PAPER, {}),
    PublishedRow('Depth Anything V1', 88.5, PAPER, {}),
    PublishedRow('GeoWizard', 88.1, PAPER, {}),
    PublishedRow('Marigold', 86.8, PAPER, {}),
    PublishedRow('DepthFM', 85.8, PAPER, {}),
    PublishedRow('Depth Anything V2 Small', 95.31, OUTSIDERS, {'transparent_reflective': 93.5}),
    PublishedRow('Depth Anything V2 Base', 97.24, OUTSIDERS, {'transparent_reflective': 95.8}),
    PublishedRow('Depth Anything V2 Large', 97.10, OUTSIDERS, {'transparent_reflective': 94.9}),
    PublishedRow('Depth Anything V1 Small', 88.83, OUTSIDERS, {'transparent_reflective': 72.9}),
    PublishedRow('Depth Anything V1 Base', 89.41, OUTSIDERS, {'transparent_reflective': 69.2}),
    PublishedRow('Depth Anything V1 Large', 89.26, OUTSIDERS, {'transparent_reflective': 72.0}),
)
"""Rows of others, the paper's first."""
