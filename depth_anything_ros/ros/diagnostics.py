# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statuses of /diagnostics: facts of the engine, times, and how they become key-value pairs."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.stage_times import StageTimes


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
        **stage_values(estimator.stages),
    }


def make_status(
    name: str, hardware: str, level: bytes, message: str, values: Mapping[str, str]
) -> DiagnosticStatus:
    """Return a DiagnosticStatus with its values in their order."""
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=hardware,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )


def percentile_values(name: str, seconds: tuple[float, float] | None) -> dict[str, str]:
    """Return p50 and p99 in milliseconds, as ``age_p50_ms``; nothing where there are none."""
    if seconds is None:
        return {}
    p50, p99 = seconds
    return {f'{name}_p50_ms': f'{p50 * 1e3:.2f}', f'{name}_p99_ms': f'{p99 * 1e3:.2f}'}


def stage_values(stages: StageTimes) -> dict[str, str]:
    """Return p50 and p99 of each stage in milliseconds, as ``decode_p50_ms``."""
    return {
        f'{stage}_{name}_ms': f'{seconds * 1e3:.3f}'
        for stage, percentiles in stages.percentiles().items()
        for name, seconds in zip(('p50', 'p99'), percentiles, strict=True)
    }
