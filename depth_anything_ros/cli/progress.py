# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What commands show while they work through many things."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar


class Progress:
    """A bar with rate, time left and errors, on stderr, and nothing where that is no terminal."""

    def __init__(self, total: int | None) -> None:
        console = Console(stderr=True)
        self._failed, self._done, self._start = 0, 0, time.monotonic()
        self._bar = Bar(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn('{task.fields[rate]:.1f}/s'),
            TimeRemainingColumn(),
            TextColumn('{task.description}'),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task('', total=total, rate=0.0)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def expect(self, total: int | None) -> None:
        """Say how many things there will be in all; None for nobody knows."""
        self._bar.update(self._task, total=total)

    def told(self, _: object, reason: str | None) -> None:
        """Count one thing; a reason says that it failed."""
        self._failed += reason is not None
        self._done += 1
        self._bar.update(
            self._task,
            advance=1,
            rate=self._done / max(time.monotonic() - self._start, 1e-9),
            description=f'[red]{self._failed} failed' if self._failed else '',
        )
