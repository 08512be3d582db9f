# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What depth_node says about itself on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from depth_anything_ros.inference.counters import FrameCounters


def frame_status(
    name: str,
    hardware: str,
    counters: FrameCounters,
    troubles: Sequence[str],
    facts: Mapping[str, str],
) -> DiagnosticStatus:
    """Return the status of one camera: counters, recent latency, facts of the engine.

    ``troubles`` are those that have not ended; any makes the level WARN. Latency is from the
    image's stamp to publishing, in milliseconds, over the last 1,000 frames.
    """
    counts = counters.counts()
    values = {**{key: str(value) for key, value in counts.as_dict().items()}, **facts}
    percentiles = counters.latency_percentiles()
    if percentiles is not None:
        values['latency_p50_ms'] = f'{percentiles[0] * 1e3:.2f}'
        values['latency_p99_ms'] = f'{percentiles[1] * 1e3:.2f}'
    if troubles:
        level, message = DiagnosticStatus.WARN, 'trouble with ' + ', '.join(sorted(troubles))
    elif not counts.received:
        level, message = DiagnosticStatus.WARN, 'no image has come yet'
    else:
        level, message = DiagnosticStatus.OK, f'{counts.published} frames published'
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=hardware,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
