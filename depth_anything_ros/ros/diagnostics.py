# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What depth_node says about itself on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.stage_times import StageTimes

SILENCE = 5.0
"""Seconds without an image after which an active node warns: cameras have more than 0.2 Hz."""


@dataclass(frozen=True)
class Activity:
    """The lifecycle state, the image topic, and for how long (s) no image has come from it."""

    state: str
    topic: str
    silence: float


def engine_facts(estimator: DepthEstimator, input_size: int) -> dict[str, str]:
    """Return what the engine is and how long its stages take, as a camera's key-value pairs.

    ``input_size`` is the camera's, in pixels, 0 for the network's own.
    """
    return {
        'model': estimator.model,
        'kind': estimator.kind.value,
        'device': str(estimator.device),
        'precision': str(estimator.precision).removeprefix('torch.'),
        'input_size': str(input_size or estimator.own_input_size),
        **_stage_values(estimator.stages),
    }


def frame_status(
    name: str,
    hardware: str,
    counters: FrameCounters,
    troubles: Sequence[str],
    facts: Mapping[str, str],
    activity: Activity,
) -> DiagnosticStatus:
    """Return the status of one camera: counters, recent latency, facts of the engine.

    An active node warns of ``troubles``, those that have not ended, and of a silent camera; one
    that is not active only tells its state. Latency is from the image's stamp to publishing, in
    milliseconds, over the last 1,000 frames, as are the stages: waiting in the mailbox, decoding,
    inference, publishing.
    """
    counts = counters.counts()
    numbers = {key: str(value) for key, value in counts.as_dict().items()}
    values = {'state': activity.state, **numbers, **facts}
    percentiles = counters.latency_percentiles()
    if percentiles is not None:
        values['latency_p50_ms'] = f'{percentiles[0] * 1e3:.2f}'
        values['latency_p99_ms'] = f'{percentiles[1] * 1e3:.2f}'
    values.update(_stage_values(counters.stages))
    warnings = []
    if activity.silence >= SILENCE:
        warnings.append(f'no image for {activity.silence:.0f} s on {activity.topic}')
    elif not counts.received:
        warnings.append('no image has come yet')
    if troubles:
        warnings.append('trouble with ' + ', '.join(sorted(troubles)))
    if activity.state != 'active':
        level, message = DiagnosticStatus.OK, activity.state
    elif warnings:
        level, message = DiagnosticStatus.WARN, '; '.join(warnings)
    else:
        level, message = DiagnosticStatus.OK, f'{counts.published} frames published'
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=hardware,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )


def _stage_values(stages: StageTimes) -> dict[str, str]:
    """Return p50 and p99 of each stage in milliseconds, as ``decode_p50_ms``."""
    return {
        f'{stage}_{name}_ms': f'{seconds * 1e3:.3f}'
        for stage, percentiles in stages.percentiles().items()
        for name, seconds in zip(('p50', 'p99'), percentiles, strict=True)
    }
