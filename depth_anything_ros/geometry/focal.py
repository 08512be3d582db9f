# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth of a metric network for a camera with another focal length than it was trained for."""

from __future__ import annotations

import math

from depth_anything_ros.geometry.intrinsics import Intrinsics


class FocalError(ValueError):
    """A canonical focal length that cannot be."""


def focal_correction(intrinsics: Intrinsics, canonical_focal: float, network_width: int) -> float:
    """Return the factor f / f_canonical by which to multiply a metric network's depth.

    A network sees angles, not metres: an object appears as large through a lens of twice the focal
    length at twice the distance. One trained with a single camera therefore answers for that
    camera, and its depth grows with f (Metric3D, Yin et al. 2023, section 3.1). ``canonical_focal``
    is the training camera's in pixels of a network input ``network_width`` pixels wide; the
    camera's own fx is scaled to that width before they are compared. Which value a checkpoint
    has must be measured with it or taken from its training data; none is assumed. Raises
    FocalError.
    """
    if not 0 < canonical_focal < math.inf:
        raise FocalError(f'canonical_focal is {canonical_focal!r}: give pixels above 0')
    if network_width <= 0:
        raise FocalError(f'network_width is {network_width!r}: give pixels above 0')
    return intrinsics.fx * network_width / intrinsics.width / canonical_focal
