# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the rate, the stamps and the frames of a camera's messages say."""

from __future__ import annotations

from collections.abc import Sequence

from depth_anything_ros.check import CheckResult, Verdict

OLDEST = 1.0
"""Seconds: an image older than that at its arrival is no use to a robot that moves."""
AHEAD = 0.1
"""Seconds by which a stamp may be in the future: clocks are not the same to the last bit."""


def silence(topic: str, latched: bool, wait: float) -> CheckResult:
    """Say that a publisher sent nothing in ``wait`` seconds; ``latched``: it keeps what it sent."""
    advice = (
        f'qos_overrides.{topic}.subscription.durability: transient_local hears an image that was '
        'published once'
        if latched
        else 'does the driver run? Over a network: net.core.rmem_max, a firewall, multicast'
    )
    return CheckResult('rate', Verdict.FAIL, f'no message within {wait:g} s', advice)


def rate_of(arrivals: Sequence[float], sizes: Sequence[int], measure: float) -> CheckResult:
    """Tell rate and size of one or more messages: arrivals in seconds, sizes in bytes."""
    mean = sum(sizes) / len(sizes)
    if len(arrivals) < 2:
        return CheckResult(
            'rate',
            Verdict.WARN,
            f'one message of {mean / 1e6:.2f} MB in {measure:g} s',
            'raise the rate of the camera',
        )
    rate = (len(arrivals) - 1) / max(arrivals[-1] - arrivals[0], 1e-9)
    return CheckResult(
        'rate',
        Verdict.OK,
        f'{rate:.1f} Hz, {mean / 1e6:.2f} MB each, {rate * mean / 1e6:.1f} MB/s',
    )


def stamp_of(stamp: int, arrival: int, simulated: bool) -> CheckResult:
    """Compare a stamp with the system's time at arrival (ns); ``simulated``: /clock is there."""
    if stamp == 0:
        return CheckResult(
            'stamp',
            Verdict.FAIL,
            'header.stamp is zero',
            'the driver must set it: TF, synchronisation and max_age need it',
        )
    age = (arrival - stamp) * 1e-9
    if -AHEAD <= age <= OLDEST:
        return CheckResult('stamp', Verdict.OK, f'{age * 1e3:.0f} ms old on arrival')
    when = f'{age:.1f} s old' if age > 0 else f'{-age:.1f} s in the future'
    if simulated:
        return CheckResult(
            'stamp',
            Verdict.OK,
            f'{when} by the clock of this machine; /clock is published',
            'start the node with use_sim_time: true',
        )
    return CheckResult(
        'stamp',
        Verdict.WARN,
        f'{when} on arrival',
        'set the clocks of both machines by chrony or PTP; a bag: `ros2 bag play --clock` and '
        'use_sim_time: true',
    )


def frame_of(frame_id: str) -> CheckResult:
    """Tell the frame of an image."""
    if frame_id:
        return CheckResult('frame_id', Verdict.OK, frame_id)
    return CheckResult(
        'frame_id',
        Verdict.WARN,
        'header.frame_id is empty',
        'set it in the driver: TF, points and RViz need it',
    )
