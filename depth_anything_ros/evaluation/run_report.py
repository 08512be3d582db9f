# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of one run of the benchmark: rates, ages, losses, and whether they add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

COUNTERS = ('received', 'published', 'dropped', 'skipped', 'rejected', 'failed')
MINUTE = 60 * 10**9


@dataclass(frozen=True)
class Answer:
    """One depth image: its stamp, when it was published, and when the monitor had it.

    All in nanoseconds of the system's clock.
    """

    stamp: int
    published: int
    arrived: int


@dataclass(frozen=True)
class Run:
    """What was seen of one run.

    ``sent`` has the stamps of the frames, ``answers`` the depth images by camera, and ``counts``
    the node's own counters, all cameras together, over the run. Every camera sends every frame.
    """

    wanted_rate: float
    sent: Sequence[int]
    answers: Mapping[str, Sequence[Answer]]
    counts: Mapping[str, int]

    @property
    def frames_sent(self) -> int:
        """The frames of all cameras."""
        return len(self.sent) * len(self.answers)

    @property
    def frames_heard(self) -> int:
        """The depth images of all cameras."""
        return sum(len(answers) for answers in self.answers.values())

    @property
    def loss(self) -> float:
        """The part of the frames that was not answered, for whatever reason."""
        return 1 - self.frames_heard / self.frames_sent

    @property
    def rate_in(self) -> float:
        """Frames per second and camera that were sent."""
        if len(self.sent) < 2:
            return 0.0
        return (len(self.sent) - 1) * 1e9 / (self.sent[-1] - self.sent[0])

    def adds_up(self) -> bool:
        """Whether each frame is accounted for once, by the node and by the monitor.

        The node's counters make up what it received, which is not more than was sent; the monitor
        heard nothing twice, nothing that was never sent, and not more than was published.
        """
        counts, sent = self.counts, set(self.sent)
        stamps = [[answer.stamp for answer in answers] for answers in self.answers.values()]
        return (
            counts['received'] == sum(counts[name] for name in COUNTERS[1:])
            and self.frames_heard <= counts['published'] <= counts['received'] <= self.frames_sent
            and all(len(set(known)) == len(known) and set(known) <= sent for known in stamps)
        )

    def report(self) -> dict[str, Any]:
        """Return the figures, ready for JSON. Times are in ms, rates per camera in Hz."""
        everything = [answer for answers in self.answers.values() for answer in answers]
        intervals = [
            np.diff([answer.published for answer in answers]) for answers in self.answers.values()
        ]
        return {
            'wanted_hz': round(self.wanted_rate, 2),
            'in_hz': round(self.rate_in, 2),
            'out_hz': round(self.rate_in * (1 - self.loss), 2),
            'loss': round(self.loss, 4),
            'age_ms': spread([answer.published - answer.stamp for answer in everything]),
            'age_at_monitor_ms': spread([answer.arrived - answer.stamp for answer in everything]),
            'jitter_ms': _milliseconds(np.std(np.concatenate(intervals)))
            if sum(map(len, intervals))
            else None,
            'frames': {
                'sent': self.frames_sent,
                **{name: self.counts[name] for name in COUNTERS},
                'heard': self.frames_heard,
                'lost_before_node': self.frames_sent - self.counts['received'],
                'lost_after_node': self.counts['published'] - self.frames_heard,
                'add_up': self.adds_up(),
            },
        }

    def age_by_minute(self) -> list[float]:
        """Return the p99 of the age in ms of each minute that had frames, in order."""
        if not self.sent:
            return []
        minutes: dict[int, list[int]] = {}
        for answers in self.answers.values():
            for answer in answers:
                minute = (answer.stamp - self.sent[0]) // MINUTE
                minutes.setdefault(minute, []).append(answer.published - answer.stamp)
        return [_milliseconds(np.percentile(ages, 99)) for _, ages in sorted(minutes.items())]


def spread(nanoseconds: Sequence[int]) -> dict[str, float] | None:
    """Return p50, p95, p99 and max in ms; None for no values."""
    if not len(nanoseconds):
        return None
    values = np.percentile(nanoseconds, (50, 95, 99, 100))
    return dict(zip(('p50', 'p95', 'p99', 'max'), map(_milliseconds, values), strict=True))


def _milliseconds(nanoseconds: float) -> float:
    return round(float(nanoseconds) / 1e6, 3)
