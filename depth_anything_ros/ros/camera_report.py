# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How one camera has done lately, and what of it is trouble."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus

from depth_anything_ros.inference.count_window import Period
from depth_anything_ros.inference.recent import percentiles
from depth_anything_ros.ros.diagnostics_parameters import DiagnosticsGroup
from depth_anything_ros.ros.findings import Finding
from depth_anything_ros.ros.frame_processor import (
    AGE_TROUBLE,
    FAULT,
    IMAGE_TROUBLE,
    OTHER_CLOCK,
)

WARN, ERROR, STALE = DiagnosticStatus.WARN, DiagnosticStatus.ERROR, DiagnosticStatus.STALE
SCALE_TROUBLE = 'scale'
"""What scale_source.py calls it, which cannot be imported where torch is not installed."""
FEWEST_FRAMES = 3
"""Frames that must have broken before all are said to break."""


@dataclass(frozen=True)
class CameraReport:
    """What is known of an active camera.

    ``silence`` is for how long (s) no image has come from ``topic``, which has so many
    ``publishers``; ``ever`` says whether one has come since the node was activated. ``period`` has
    the frames of the last seconds, ``ages`` (s) of those that were published, ``stamp_ages`` (s)
    of every stamp behind the node's clock when it was read. ``troubles`` has the text of
    each trouble that has not ended, or only shortly before. ``without_metres`` is for how long (s)
    a wanted scale has given none, None where it does or none is wanted. ``clock_stands`` says
    that the node's clock does not go on, as when a bag is paused; ``enabled``, that images are
    not skipped on request.
    """

    topic: str
    silence: float
    publishers: int
    ever: bool
    period: Period
    ages: np.ndarray = field(default_factory=lambda: np.empty(0))
    stamp_ages: np.ndarray = field(default_factory=lambda: np.empty(0))
    troubles: Mapping[str, str] = field(default_factory=dict)
    without_metres: float | None = None
    clock_stands: bool = False
    enabled: bool = True


def find_troubles(report: CameraReport, limits: DiagnosticsGroup) -> list[Finding]:
    """Return what is wrong with a camera by the limits; nothing is judged by too few frames."""
    silent = _silence(report, limits)
    if silent is not None:
        return [silent, *_others(report, limits)]
    return [
        *_shares(report, limits),
        *_stamps(report, limits),
        *_age(report, limits),
        *_rate(report, limits),
        *_others(report, limits),
    ]


def summary(report: CameraReport) -> str:
    """Return how a camera does of which nothing is wrong, in one line."""
    period = report.period
    counts = period.counts
    if not report.ever:
        return f'waits for the first image on {report.topic}'
    said = f'{period.rate(counts.received):.1f} Hz in'
    if not report.enabled:
        return f'{said}; disabled, so the images are skipped until ~/enable says otherwise'
    if counts.skipped and not counts.published:
        return f'{said}; nobody listens to any output, so the images are skipped'
    said += f', {period.rate(counts.published):.1f} Hz out'
    age = percentiles(report.ages)
    return said if age is None else f'{said}, {_span(age[0])} old (p99 {_span(age[1])})'


def _span(seconds: float) -> str:
    return f'{seconds:.2f} s' if abs(seconds) >= 1 else f'{seconds * 1e3:.0f} ms'


def _silence(report: CameraReport, limits: DiagnosticsGroup) -> Finding | None:
    if not 0 < limits.silence < report.silence:
        return None
    text = f'no image for {report.silence:.0f} s on {report.topic}: '
    if report.clock_stands:
        text += 'the clock stands still, the bag or simulation seems to be paused'
    elif report.publishers == 0:
        text += 'nobody publishes there, start the camera or remap image to its topic'
    else:
        text += (
            f'somebody publishes there ({report.publishers}), but nothing arrives; compare with: '
            f'ros2 topic hz {report.topic}'
        )
    # It takes a silence to come again, so it cannot flap, and an image ends it at once.
    return Finding('silence', STALE, text, hold=0.0)


def _shares(report: CameraReport, limits: DiagnosticsGroup) -> Iterator[Finding]:
    counts, tried, seconds = report.period.counts, report.period.tried, report.period.seconds
    why = _why(report)
    if tried >= FEWEST_FRAMES and not counts.published:
        text = f'no depth from any of the last {tried} images in {seconds:.0f} s: '
        text += f'{counts.rejected} rejected, {counts.failed} failed'
        yield Finding('no_depth', ERROR, text + why)
    else:
        for name, number, limit in (
            ('failed', counts.failed, limits.max_failed_share),
            ('rejected', counts.rejected, limits.max_rejected_share),
        ):
            if 0 < limit < number / max(tried, 1):
                text = f'{number} of {tried} images {name} in the last {seconds:.0f} s'
                yield Finding(name, WARN, text + why, logged=True)  # as what broke each of them
    if 0 < limits.max_dropped_share < counts.dropped / max(counts.received, 1):
        text = f'{counts.dropped} of {counts.received} images dropped in the last {seconds:.0f} s'
        advice = 'choose a smaller model or input_size, or a slower camera'
        yield Finding('dropped', WARN, f'{text}, newer ones came before their turn: {advice}')


def _why(report: CameraReport) -> str:
    told = (report.troubles.get(key) for key in (FAULT, IMAGE_TROUBLE, AGE_TROUBLE))
    return ''.join(f'; {text}' for text in told if text)


def _stamps(report: CameraReport, limits: DiagnosticsGroup) -> Iterator[Finding]:
    ages = report.stamp_ages
    if not len(ages):
        return
    usual, ahead = float(np.median(ages)), -float(ages.min())
    if abs(usual) > OTHER_CLOCK:
        text = (
            f'stamps of images are {abs(usual):.0f} s {"behind" if usual > 0 else "ahead of"} the '
            'node clock, so they are of another clock: set use_sim_time for all nodes or for none '
            '(and play bags with --clock), or correct the driver'
        )
        yield Finding('other_clock', WARN, text)
    elif 0 < limits.max_stamp_ahead < ahead:
        text = (
            f'stamps of images are up to {ahead:.2f} s ahead of the node clock: synchronise the '
            'clocks of the machines (chrony), or correct the driver'
        )
        yield Finding('stamps_ahead', WARN, text)


def _age(report: CameraReport, limits: DiagnosticsGroup) -> Iterator[Finding]:
    age = percentiles(report.ages)
    if age is not None and 0 < limits.max_age_p99 < age[1] < OTHER_CLOCK:
        text = (
            f'depth is {age[1]:.2f} s old (p99), more than diagnostics.max_age_p99 '
            f'{limits.max_age_p99:g} s: choose a smaller model or input_size, or look for delay '
            'before the node (stamp_age_p50_ms)'
        )
        yield Finding('age', WARN, text)


def _rate(report: CameraReport, limits: DiagnosticsGroup) -> Iterator[Finding]:
    period, limit = report.period, limits.min_rate
    # What nobody listens to is not computed, and a camera that has just begun has no rate.
    if period.counts.skipped or period.seconds < limits.window:
        return
    rate_in, rate_out = period.rate(period.counts.received), period.rate(period.counts.published)
    if rate_out < limit:
        slow = (
            'the camera or the way from it is too slow'
            if rate_in < limit
            else 'choose a smaller model or input_size, or a higher rate_limit'
        )
        text = (
            f'depth comes at {rate_out:.1f} Hz, less than diagnostics.min_rate {limit:g} Hz, from '
            f'images at {rate_in:.1f} Hz: {slow}'
        )
        yield Finding('rate', WARN, text)


def _others(report: CameraReport, limits: DiagnosticsGroup) -> Iterator[Finding]:
    """Return what the node has met with, under the names of the troubles."""
    for key, text in report.troubles.items():
        if key in (FAULT, IMAGE_TROUBLE, AGE_TROUBLE):
            continue  # by their share of the frames
        level = WARN
        lost = report.without_metres or 0.0
        if key == SCALE_TROUBLE and 0 < limits.max_scale_lost < lost:
            level, text = ERROR, f'no metres for {lost:.0f} s: {text}'
        name = 'qos' if key.startswith('the QoS') else key.replace(' ', '_')
        yield Finding(name, level, text, logged=True)
