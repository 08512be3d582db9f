# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the node's clock goes on: with use_sim_time it is as /clock tells it."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum

from rclpy.clock import Clock, ROSClock

PAUSE = 2.0
"""Seconds without a change after which the clock is said to stand; slow simulations tell less."""


class ClockState(Enum):
    """What the node's clock does.

    SYSTEM: it is that of the machine. SIM: it follows /clock. SIM_WAITING: no /clock has come.
    SIM_STOPPED: /clock does not go on, as when a bag is paused.
    """

    SYSTEM = 'system'
    SIM = 'sim'
    SIM_WAITING = 'sim_waiting'
    SIM_STOPPED = 'sim_stopped'


class ClockWatch:
    """Look at a clock now and then; ``steady`` returns seconds that go on whatever it does."""

    def __init__(self, clock: Clock, steady: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._steady = clock, steady
        self._last, self._changed_at = -1, steady()
        self.waited = 0.0

    def look(self) -> ClockState:
        """Return what the clock does since the last look, which is best a second ago.

        ``waited`` is then for how long (s) it has stood still.
        """
        now = self._clock.now().nanoseconds
        if now != self._last:
            self._last, self._changed_at = now, self._steady()
        self.waited = self._steady() - self._changed_at
        if not (isinstance(self._clock, ROSClock) and self._clock.ros_time_is_active):
            return ClockState.SYSTEM
        if now == 0:
            return ClockState.SIM_WAITING
        return ClockState.SIM if self.waited < PAUSE else ClockState.SIM_STOPPED
