# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From what a network says to metres that may be published: filters, focal length, scale, sky."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.focal import focal_correction
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.refine import refine
from depth_anything_ros.geometry.scale import apply_scale, disparity_of_metric
from depth_anything_ros.geometry.sky import far_disparity, mark_far
from depth_anything_ros.geometry.temporal import TemporalFilter, TemporalSettings
from depth_anything_ros.geometry.transform import Transform
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.reporter import Reporter
from depth_anything_ros.ros.scale_source import ScaleSource
from depth_anything_ros.ros.stamps import Header, seconds

LONGEST_GAP = 1.0
"""Seconds between frames after which the past says nothing of the present."""
FOCAL_TROUBLE = 'focal length'


class Metres:
    """The filters and the scale of one camera, frame after frame.

    ``max_depth`` is the metric head's limit in metres, None for a relative network.
    """

    def __init__(
        self, kind: DepthKind, max_depth: float | None, scale: ScaleSource, reporter: Reporter
    ) -> None:
        self._kind, self._max_depth = kind, max_depth
        self._scale, self._reporter = scale, reporter
        self._filter = TemporalFilter(TemporalSettings(), kind)
        self._last = 0.0
        self._forget = threading.Event()

    def forget(self) -> None:
        """Let the filters begin anew with the next frame; any thread may ask for it."""
        self._forget.set()

    def smooth(
        self,
        values: Tensor,
        rgb: np.ndarray,
        header: Header,
        settings: DepthSettings,
        network_width: int,
    ) -> Tensor:
        """Return the network's depth (H, W) after the filters that are switched on.

        Sky of a metric network is beyond range in it, before anything is mixed with it.
        """
        wanted = settings.filter
        if wanted.sky and self._max_depth is not None:
            values = mark_far(values, self._max_depth, wanted.sky)
        at = seconds(header.stamp)
        if not 0 <= at - self._last < LONGEST_GAP or self._forget.is_set():
            self._forget.clear()
            self._filter.reset()
        self._last = at
        if self._filter.settings.strength != wanted.temporal:
            self._filter.settings = replace(self._filter.settings, strength=wanted.temporal)
            self._filter.reset()
        if wanted.temporal > 0:
            values = self._filter(values, rgb)
        if not wanted.refine:
            return values
        spacing = max(1, round(values.shape[1] / max(1, network_width)))
        return refine(values, rgb, self._kind, spacing=spacing)

    def of(
        self,
        values: Tensor,
        header: Header,
        settings: DepthSettings,
        network_width: int,
        intrinsics: Intrinsics | None,
        pose: Transform | None,
    ) -> Tensor | None:
        """Return metres along the optical axis (H, W), or None where they cannot be told.

        ``values`` are those of ``smooth``; ``intrinsics`` of that size, None where there is no
        usable camera_info.
        """
        if self._kind is DepthKind.METRIC:
            metric = self._corrected(values, settings, network_width, intrinsics)
            if metric is None or not self._scale.wanted:
                return metric
            disparity = disparity_of_metric(metric)
        elif not self._scale.wanted:
            return None
        else:
            disparity = values
        estimate = self._scale.estimate(disparity, header, intrinsics, pose)
        if not estimate.usable:
            return None
        limit = settings.scale.max_depth
        metres = apply_scale(disparity, estimate, limit)
        if self._kind is DepthKind.RELATIVE:
            metres = metres.masked_fill(far_disparity(disparity), torch.inf)
        return metres

    def _corrected(
        self,
        values: Tensor,
        settings: DepthSettings,
        network_width: int,
        intrinsics: Intrinsics | None,
    ) -> Tensor | None:
        """Return metric depth for this camera's focal length."""
        canonical = settings.focal.canonical
        if not canonical:
            return values
        if intrinsics is None:
            self._reporter.report(
                FOCAL_TROUBLE,
                'focal.canonical is set, but there is no usable camera_info: no metres are '
                'published',
            )
            return None
        self._reporter.clear(FOCAL_TROUBLE, 'depth is corrected for the focal length again')
        return values * focal_correction(intrinsics, canonical, network_width)
