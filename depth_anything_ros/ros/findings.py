# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong, in words, and the level that follows from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from diagnostic_msgs.msg import DiagnosticStatus

from depth_anything_ros.ros.reporter import Reporter

HOLD = 5.0
"""Seconds for which most findings stay after their reason has ended, so that levels do not flap."""
LOG_PERIOD = 300.0
"""Seconds after which the log tells again of what has not ended."""
LONGEST_TEXT = 240
"""Characters of one finding; monitors show a message in one line."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a stable name, a level of DiagnosticStatus, and what to do.

    ``hold`` is for how long (s) it is told after its reason has ended; ``logged`` says that the
    log has it already, from where it was met with.
    """

    name: str
    level: bytes
    text: str
    hold: float = HOLD
    logged: bool = False

    def __post_init__(self) -> None:
        """Bring the text to one line that can be shown, whatever of others' messages is in it."""
        line = ' '.join(self.text.split())
        text = ''.join(letter if letter.isprintable() else '?' for letter in line)
        if len(text) > LONGEST_TEXT:
            text = text[: LONGEST_TEXT - 3] + '...'
        object.__setattr__(self, 'text', text)


class FindingHolder:
    """Keep what was found for its ``hold`` after it was last found.

    A finding counts at once. One that has ended says so in its text. Beginning and end of what is
    not logged elsewhere go to ``log``. ``clock`` returns seconds that never go back.
    """

    def __init__(self, log: Reporter, clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._clock = log, clock
        self._held: dict[str, tuple[Finding, float]] = {}

    def update(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return what is found now and what was found shortly before, worst first."""
        now = self._clock()
        found = {finding.name: finding for finding in findings}
        for finding in findings:
            if not finding.logged:
                self._log.report(finding.name, finding.text)
        for name, (finding, _) in self._held.items():
            if name not in found and not finding.logged:
                self._log.clear(name, f'ended: {finding.text}')
        self._held.update({name: (finding, now) for name, finding in found.items()})
        self._held = {
            name: (finding, at)
            for name, (finding, at) in self._held.items()
            if name in found or now - at < finding.hold
        }
        told = [
            finding if name in found else _ended(finding, now - at)
            for name, (finding, at) in self._held.items()
        ]
        return sorted(told, key=lambda finding: (-finding.level[0], finding.name))

    def clear(self) -> None:
        """Forget everything, as when the node is not active any more."""
        self._held.clear()


def level_of(findings: Sequence[Finding]) -> bytes:
    """Return the worst level of findings, OK without any."""
    return max((finding.level for finding in findings), default=DiagnosticStatus.OK)


def message_of(findings: Sequence[Finding], otherwise: str) -> str:
    """Return the findings in one line, or ``otherwise`` without any."""
    return '; '.join(finding.text for finding in findings) or otherwise


def _ended(finding: Finding, ago: float) -> Finding:
    return replace(finding, text=f'ended {ago:.0f} s ago: {finding.text}')
