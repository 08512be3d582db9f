# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `depth-anything video` shows while it works, and tells at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from depth_anything_ros.cli.progress import Progress
    from depth_anything_ros.media.clip_items import ClipFacts
    from depth_anything_ros.media.picture_list import PictureList
    from depth_anything_ros.media.video_run import VideoOutcome


class FrameBar:
    """Keeps the end of the bar at the frames of the videos opened so far."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._expected: int | None = 0
        self._done = 0

    def opened(self, facts: ClipFacts) -> None:
        """Count on the frames of one more video."""
        known = facts.frames is not None
        self._expected = self._done + (facts.frames or 0) if known else None
        self._progress.expect(self._expected)

    def told(self) -> None:
        """Count a frame."""
        self._done += 1
        self._progress.told(None, None)


def report(
    outcome: VideoOutcome, found: PictureList, output: Path, seconds: float, as_json: bool
) -> None:
    """Tell what came of the run: failures on stderr, the sum on stdout."""
    for source, reason in outcome.failed.items():
        typer.echo(f'failed: {source}: {reason}', err=True)
    for source, notes in outcome.notes.items():
        for note in notes:
            typer.echo(f'{source}: {note}', err=True)
    rate = outcome.frames / seconds if seconds > 0 else 0.0
    if not as_json:
        typer.echo(
            f'{len(outcome.written)} written to {output}, {outcome.skipped} done before, '
            f'{len(outcome.failed)} failed; {outcome.frames} frames, {seconds:.1f} s, '
            f'{rate:.1f} frames/s'
        )
        return
    summary: dict[str, Any] = {
        'output': str(output),
        'videos': outcome.written,
        'done_before': outcome.skipped,
        'failed': outcome.failed,
        'missing': found.missing,
        'notes': {source: notes for source, notes in outcome.notes.items() if notes},
        'ignored': found.ignored,
        'frames': outcome.frames,
        'seconds': round(seconds, 3),
        'frames_per_second': round(rate, 3),
    }
    typer.echo(json.dumps(summary, indent=2))
