# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What became of every frame of a fault run, and whether that is all explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from statistics import median
from typing import Any

from fault_camera import Sent
from fault_ear import Heard

from depth_anything_ros.evaluation.run_report import COUNTERS

SLOWEST_RECOVERY = 5.0
"""Seconds that a node may take to answer after a fault; the machine may be busy with others."""


@dataclass
class Account:
    """The frames of one run: what was sent, heard, and counted by the node in between.

    ``known`` has reasons why frames were lost before the node, each with the most that it can
    account for, the surest first; ``known_after`` those why depth was lost after it. ``nodes``
    is how many nodes answer each frame, ``slowest`` the most seconds to recover. What is found
    wrong goes to ``wrong``, a sentence each.
    """

    sent: Sequence[Sent]
    heard: Sequence[Heard]
    counts: Mapping[str, int]
    known: dict[str, int] = field(default_factory=dict)
    known_after: dict[str, int] = field(default_factory=dict)
    recoveries: list[float | None] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    nodes: int = 1
    slowest: float = SLOWEST_RECOVERY

    @property
    def lost_before(self) -> int:
        """Frames that were sent and that no node received."""
        return len(self.sent) * self.nodes - self.counts['received']

    @property
    def lost_after(self) -> int:
        """Depth images that were published and that the ear did not hear."""
        return self.counts['published'] - len(self.heard)

    @property
    def unexplained(self) -> int:
        """Frames of which nobody knows what became."""
        inside = self.counts['received'] - sum(self.counts[name] for name in COUNTERS[1:])
        before = max(0, self.lost_before - sum(self.known.values()))
        after = max(0, self.lost_after - sum(self.known_after.values()))
        return before + abs(inside) + after + max(0, -self.lost_before) + max(0, -self.lost_after)

    def expect(self, **counts: int) -> None:
        """Note each of the node's counters that is not what it should be."""
        for name, count in counts.items():
            if self.counts[name] != count:
                self.wrong.append(f'{name} is {self.counts[name]}, not {count}')

    def require(self, holds: bool, otherwise: str) -> None:
        """Note what is wrong unless it holds."""
        if not holds:
            self.wrong.append(otherwise)

    def check_headers(self) -> None:
        """Note depth that was never asked for, came twice, or does not look like its image."""
        shapes: dict[int, set[tuple[str, tuple[int, int]]]] = {}
        for sent in self.sent:
            shape = sent.shape
            look = (shape.frame_id, (shape.width, shape.height))
            shapes.setdefault(sent.stamp, set()).add(look)
        strange = [h for h in self.heard if (h.frame_id, h.size) not in shapes.get(h.stamp, ())]
        self.require(not strange, f'{len(strange)} depth images have no image of their kind')
        more = Counter(h.stamp for h in self.heard)
        for sent in self.sent:
            more[sent.stamp] -= self.nodes
        twice = sum(n for n in more.values() if n > 0)
        self.require(not twice, f'{twice} depth images came more than once')
        broken = sum(not isfinite(h.mean) for h in self.heard)
        self.require(not broken, f'{broken} depth images have values that are no number')

    def recovered(self, since: int) -> None:
        """Note how long after ``since`` (ns) the first frame sent from then on was answered."""
        stamps = {sent.stamp for sent in self.sent if sent.at >= since}
        answers = [h.published for h in self.heard if h.stamp in stamps and h.published >= since]
        self.recoveries.append((min(answers) - since) / 1e9 if answers else None)

    def row(self) -> dict[str, Any]:
        """Return the row of the table, ready for JSON; ``verdict`` is 'held' or what did not."""
        self.check_headers()
        seconds = [value for value in self.recoveries if value is not None]
        if len(seconds) < len(self.recoveries):
            self.wrong.append(f'{len(self.recoveries) - len(seconds)} times no depth came again')
        elif seconds and max(seconds) > self.slowest:
            self.wrong.append(f'recovery took {max(seconds):.1f} s')
        if self.unexplained:
            self.wrong.append(f'{self.unexplained} frames are not accounted for')
        recover = None
        if seconds:
            recover = {'median': round(median(seconds), 3), 'max': round(max(seconds), 3)}
        return {
            'sent': len(self.sent),
            **{name: self.counts[name] for name in COUNTERS},
            'heard': len(self.heard),
            'lost_before_node': {
                'frames': self.lost_before,
                'reasons': _shares(self.lost_before, self.known),
            },
            'lost_after_node': {
                'frames': self.lost_after,
                'reasons': _shares(self.lost_after, self.known_after),
            },
            'unexplained': self.unexplained,
            'recover_s': recover,
            **self.more,
            'verdict': '; '.join(self.wrong) or 'held',
        }


def _shares(lost: int, most: Mapping[str, int]) -> dict[str, int]:
    """Return how many of the lost frames each reason accounts for."""
    shares = {}
    for reason, frames in most.items():
        shares[reason] = min(frames, lost)
        lost -= shares[reason]
    return {reason: frames for reason, frames in shares.items() if frames > 0}
