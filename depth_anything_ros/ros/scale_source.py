# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the metres of one camera come from, and how far they can be relied on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from depth_anything_ros.geometry.affine import (
    AffineFit,
    AffineSettings,
    NoFitError,
    fit_affine_disparity,
)
from depth_anything_ros.geometry.ground_scale import fit_ground
from depth_anything_ros.geometry.intrinsics import Intrinsics, IntrinsicsError
from depth_anything_ros.geometry.reference import BadReferenceError, sample_disparity
from depth_anything_ros.geometry.scale import ScaleError, ScaleEstimate, ScaleState
from depth_anything_ros.geometry.scale_filter import ScaleTracker, TrackerSettings
from depth_anything_ros.geometry.transform import Transform, TransformError
from depth_anything_ros.ros.camera_info import CameraInfoError
from depth_anything_ros.ros.cdr import CdrError
from depth_anything_ros.ros.extrinsics import extrinsics_from
from depth_anything_ros.ros.image_message import ImageError
from depth_anything_ros.ros.raw_diagnostics import ERROR, OK, WARN, serialize_status
from depth_anything_ros.ros.raw_point_cloud import PointCloudError
from depth_anything_ros.ros.reference_buffer import (
    KINDS,
    NoReferenceError,
    ReferenceBuffer,
)
from depth_anything_ros.ros.reporter import Reporter
from depth_anything_ros.ros.space_settings import ScaleGroup
from depth_anything_ros.ros.stamps import Header, seconds
from depth_anything_ros.ros.topics import Topics, Transforms, TransformUnknownError

TROUBLE = 'scale'
LEVELS = {
    ScaleState.TRACKING: OK,
    ScaleState.HOLD: WARN,
    ScaleState.WAITING: WARN,
    ScaleState.LOST: ERROR,
}
_NO_REFERENCE = (
    NoReferenceError,
    BadReferenceError,
    TransformUnknownError,
    CdrError,
    ImageError,
    PointCloudError,
    CameraInfoError,
    IntrinsicsError,
    TransformError,
)


class ScaleSource:
    """Finds (a, b) of 1 / z = a d + b for each frame, by the parameter scale.source.

    ``settings`` is asked for every frame; ``prefix`` comes before the names of topics. Frames are
    given by the worker's thread, ``reset`` and ``freeze`` by that of the node's callbacks.
    """

    def __init__(
        self,
        topics: Topics,
        prefix: str,
        settings: Callable[[], ScaleGroup],
        tree: Transforms,
        reporter: Reporter,
    ) -> None:
        self._topics, self._prefix, self._settings = topics, prefix, settings
        self._tree, self._reporter = tree, reporter
        self._tracker = ScaleTracker(TrackerSettings(hold_time=settings().hold))
        self._buffer: ReferenceBuffer | None = None
        self._wishes: list[str] = []
        self.newest: ScaleEstimate | None = None
        self._unusable_since: float | None = None

    @property
    def wanted(self) -> bool:
        """Whether depth is to be scaled at all."""
        return self._settings().source != 'none'

    def subscribe(self) -> None:
        """Listen to the reference, where there is one. Raises TransformError for extrinsics."""
        settings = self._settings()
        if settings.source in KINDS:
            self._buffer = ReferenceBuffer(
                self._topics,
                self._prefix,
                settings.source,
                extrinsics_from(settings.extrinsics),
                self._tree,
            )

    def unsubscribe(self) -> None:
        """Listen no more, and forget the scale."""
        if self._buffer is not None:
            self._buffer.close()
            self._buffer = None
        self._tracker.reset()
        self.newest = self._unusable_since = None

    def wish(self, what: str) -> None:
        """Ask, from any thread, for 'reset', 'freeze' or 'release' before the next frame."""
        self._wishes.append(what)

    def estimate(
        self,
        disparity: Tensor,
        header: Header,
        intrinsics: Intrinsics | None,
        pose: Transform | None,
    ) -> ScaleEstimate:
        """Return the scale of a frame; what is wrong is reported.

        ``disparity`` is (H, W) float32 of the network; ``intrinsics`` are those of that size, None
        where the camera is not known; ``pose`` is the camera's above the ground, None likewise.
        """
        self.newest = estimate = self._estimated(disparity, header, intrinsics, pose)
        if estimate.usable:
            self._unusable_since = None
        elif self._unusable_since is None:
            self._unusable_since = time.monotonic()
        return estimate

    def _estimated(
        self,
        disparity: Tensor,
        header: Header,
        intrinsics: Intrinsics | None,
        pose: Transform | None,
    ) -> ScaleEstimate:
        settings = self._settings()
        if settings.source == 'fixed':
            return self._fixed(settings)
        self._tracker.settings = replace(self._tracker.settings, hold_time=settings.hold)
        self._fulfil_wishes()
        found: AffineFit | NoFitError | None = None
        reason = 'there is no usable camera_info'
        try:
            if intrinsics is not None:
                found = self._fit(settings, disparity, header, intrinsics, pose)
                reason = ''
        except NoFitError as error:
            found, reason = error, str(error)
        except _NO_REFERENCE as error:
            reason = str(error)
        estimate = self._tracker.update(found, seconds(header.stamp), disparity)
        self._tell(estimate, reason)
        return estimate

    def message(self, header: Header) -> bytes:
        """Return the newest scale as a serialized DiagnosticArray for an image's header."""
        estimate = self.newest or ScaleTracker().current(0.0)
        return serialize_status(
            header,
            LEVELS[estimate.state],
            f'{self._topics.name}: {self._prefix}scale',
            estimate.state.value.upper(),
            header.frame_id,
            facts_of(estimate),
        )

    def facts(self) -> dict[str, str]:
        """Return the newest scale in words for /diagnostics; nothing where none is wanted."""
        settings, newest = self._settings(), self.newest
        if settings.source == 'none':
            return {}
        state = ScaleState.WAITING if newest is None else newest.state
        told = {} if newest is None else facts_of(newest)
        return {
            'scale_source': settings.source,
            'scale_state': state.value.upper(),
            **{f'scale_{key}{"_s" * (key == "age")}': value for key, value in told.items()},
        }

    def without_metres(self) -> float | None:
        """Return for how long (s) frames have had no scale to rely on; None where they have."""
        since = self._unusable_since
        return None if since is None else time.monotonic() - since

    def _fixed(self, settings: ScaleGroup) -> ScaleEstimate:
        try:
            estimate = ScaleEstimate.fixed(settings.a, settings.b)
        except ScaleError as error:
            self._reporter.report(
                TROUBLE, f'scale.source is fixed, but {error}; depth-anything calibrate finds them'
            )
            return ScaleTracker().current(0.0)
        self._reporter.clear(TROUBLE, 'the scale can be used')
        return estimate

    def _fit(
        self,
        settings: ScaleGroup,
        disparity: Tensor,
        header: Header,
        intrinsics: Intrinsics,
        pose: Transform | None,
    ) -> AffineFit:
        if settings.source == 'ground':
            if pose is None:
                raise NoFitError('the pose of the camera is not known, set pose.source')
            return fit_ground(disparity, pose, intrinsics)
        if self._buffer is None:
            raise NoFitError('the node does not listen to references')
        reference = self._buffer.find(header, intrinsics, settings.max_gap)
        d, z = sample_disparity(disparity, reference)
        return fit_affine_disparity(d, z, AffineSettings(min_points=settings.min_points))

    def _fulfil_wishes(self) -> None:
        while self._wishes:
            wish = self._wishes.pop(0)
            if wish == 'reset':
                self._tracker.reset()
            else:
                self._tracker.freeze(wish == 'freeze')

    def _tell(self, estimate: ScaleEstimate, reason: str) -> None:
        if estimate.state is ScaleState.TRACKING:
            self._reporter.clear(TROUBLE, 'the scale can be relied on again')
            return
        consequence = (
            f'the last good one is used for at most {self._settings().hold:g} s'
            if estimate.state is ScaleState.HOLD
            else 'no metres are published'
        )
        why = reason or 'references contradict each other'
        self._reporter.report(
            TROUBLE, f'scale {estimate.state.value.upper()}: {why}; {consequence}'
        )


def facts_of(estimate: ScaleEstimate) -> dict[str, str]:
    """Return an estimate's numbers by name; nothing where it has none."""
    if math.isnan(estimate.a):
        return {}
    deviation_a, deviation_b = estimate.deviation
    numbers = {
        'a': estimate.a,
        'b': estimate.b,
        'deviation_a': deviation_a,
        'deviation_b': deviation_b,
        'covariance_ab': float(estimate.covariance[0, 1]),
        'age': estimate.age,
        'inlier_share': estimate.inlier_share,
        'residual': estimate.residual,
    }
    return {name: f'{value:.6g}' for name, value in numbers.items()}
