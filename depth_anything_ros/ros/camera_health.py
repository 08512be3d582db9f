# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What one camera of depth_node says of itself on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticStatus

from depth_anything_ros.inference.count_window import CountWindow, Period
from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.recent import percentiles
from depth_anything_ros.ros.camera_report import CameraReport, find_troubles, summary
from depth_anything_ros.ros.diagnostics import make_status, percentile_values, stage_values
from depth_anything_ros.ros.diagnostics_parameters import DiagnosticsGroup
from depth_anything_ros.ros.findings import Finding, FindingHolder, level_of, message_of
from depth_anything_ros.ros.reporter import Reporter


class CameraHealth:
    """The status of one camera: what became of its frames lately, how old depth is, what is wrong.

    ``name`` and ``hardware`` are those of the status. ``reporter`` has the troubles that frames
    met with; what is found here beside goes to ``log``.
    """

    def __init__(
        self,
        name: str,
        hardware: str,
        counters: FrameCounters,
        reporter: Reporter,
        log: Reporter,
    ) -> None:
        self._name, self._hardware = name, hardware
        self._counters, self._reporter = counters, reporter
        self._window = CountWindow(counters)
        self._holder = FindingHolder(log)
        # How many images had come when none came any more; None while they come.
        self._quiet_at: int | None = 0
        self._ever = False

    def restart(self) -> None:
        """Begin anew, as the node is activated now."""
        self._window.restart()
        self._holder.clear()
        self._quiet_at, self._ever = self._counters.counts().received, False

    def status(
        self,
        state: str,
        limits: DiagnosticsGroup,
        silence: float,
        topic: tuple[str, int],
        without_metres: float | None,
        clock_stands: bool,
        facts: Mapping[str, str],
        enabled: bool = True,
    ) -> DiagnosticStatus:
        """Return the status in a lifecycle state.

        ``silence`` is the time (s) since the last image from ``topic``, a name and its number of
        publishers; for ``without_metres``, ``clock_stands`` and ``enabled`` see CameraReport.
        ``facts`` are what else is to be told. A node that is not active only tells its state.
        """
        counters, counts = self._counters, self._counters.counts()
        ever = self._heard(counts.received, 0 < limits.silence < silence)
        period = self._window.look(limits.window)
        report = CameraReport(
            topic=topic[0],
            silence=silence,
            publishers=topic[1],
            ever=ever,
            period=period,
            ages=counters.latencies.since(period.begin),
            stamp_ages=counters.stamp_ages.since(period.begin),
            troubles=self._reporter.recent(limits.window),
            without_metres=without_metres if period.counts.published else None,
            clock_stands=clock_stands,
            enabled=enabled,
        )
        findings: list[Finding] = []
        if state == 'active':
            findings = self._holder.update(find_troubles(report, limits))
        values = {
            'state': state,
            'findings': ','.join(finding.name for finding in findings),
            **{key: str(value) for key, value in counts.as_dict().items()},
            **_rates(period),
            'silence_s': f'{silence:.1f}',
            'image_publishers': str(topic[1]),
            'enabled': str(enabled).lower(),
            **percentile_values('latency', counters.latency_percentiles()),
            **percentile_values('age', percentiles(report.ages)),
            **_stamps(report),
            **facts,
            **stage_values(counters.stages),
        }
        otherwise = summary(report) if state == 'active' else state
        message = message_of(findings, otherwise)
        return make_status(self._name, self._hardware, level_of(findings), message, values)

    def _heard(self, received: int, silent: bool) -> bool:
        """Return whether images have come since the restart.

        The first after a silence begins the window anew: a camera that is back has its own rate.
        """
        if self._quiet_at is not None and received > self._quiet_at:
            self._window.forget()
            self._quiet_at, self._ever = None, True
        if silent:
            self._quiet_at = received
        return self._ever


def _rates(period: Period) -> dict[str, str]:
    counts = period.counts
    return {
        'window_s': f'{period.seconds:.1f}',
        'rate_in_hz': f'{period.rate(counts.received):.2f}',
        'rate_out_hz': f'{period.rate(counts.published):.2f}',
    }


def _stamps(report: CameraReport) -> dict[str, str]:
    ages = report.stamp_ages
    told = percentile_values('stamp_age', percentiles(ages))
    return told | ({'stamp_ahead_ms': f'{max(0.0, -ages.min()) * 1e3:.2f}'} if len(ages) else {})
