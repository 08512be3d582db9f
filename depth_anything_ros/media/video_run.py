# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Many videos, streams and cameras, one after the other, and what came of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import av.error

from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.media.clip_files import FORMATS, files_of, output_path
from depth_anything_ros.media.clip_items import ClipError, ClipFacts, Cut
from depth_anything_ros.media.clip_open import open_clip
from depth_anything_ros.media.clip_run import Clip, ClipOptions, ClipResult, ClipRun, Target
from depth_anything_ros.media.frames import SourceError
from depth_anything_ros.media.picture_list import PictureEntry
from depth_anything_ros.media.picture_run import FATAL, OutputError
from depth_anything_ros.media.run_journal import RunJournal
from depth_anything_ros.media.video_list import shown


@dataclass(frozen=True)
class VideoJob:
    """What is made of every video."""

    output: Path
    formats: Sequence[str]
    cut: Cut = field(default_factory=Cut)
    options: ClipOptions = field(default_factory=ClipOptions)
    sound: bool = True


@dataclass
class VideoOutcome:
    """What came of a run.

    ``written`` has the facts of each video that has its files, ``failed`` the reasons by source:
    of those without files, and of those whose files hold what could be read.
    """

    written: list[dict[str, Any]] = field(default_factory=list)
    skipped: int = 0
    frames: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    stopped: bool = False
    """Whether the user ended a live recording."""


class VideoRun:
    """Does videos in order; one that fails does not stop the others.

    ``opened`` is called with the facts of each video before its first frame, ``told`` after each
    frame, ``say`` with what the user should hear at once.
    """

    def __init__(
        self,
        estimator: DepthEstimator,
        job: VideoJob,
        journal: RunJournal,
        batch: int = 1,
        opened: Callable[[ClipFacts], None] = lambda facts: None,
        told: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._estimator, self._job, self._journal, self._batch = estimator, job, journal, batch
        self._opened, self._told, self._say = opened, told, say
        self.outcome = VideoOutcome()

    def __call__(self, entries: Sequence[PictureEntry]) -> VideoOutcome:
        """Do all that is not done yet.

        Raises OutputError when the disk is full, and KeyboardInterrupt; a video that was begun
        then has no files. A live one that is interrupted ends there, with its files, and so does
        the run.
        """
        for entry in entries:
            noted = replace(entry, source=shown(entry.source))
            if self._journal.is_done(noted):
                self.outcome.skipped += 1
                continue
            try:
                self._one(entry, noted)
            except (ClipError, SourceError, av.error.FFmpegError, OSError, ValueError) as error:
                self._fail(noted, error)
            except RuntimeError as error:  # such as a frame too large for the memory there is
                self._fail(noted, error)
            if self.outcome.stopped:
                break
        return self.outcome

    def _one(self, entry: PictureEntry, noted: PictureEntry) -> None:
        job = self._job
        formats = [FORMATS[name] for name in job.formats]
        pictures = any(form.pictures for form in formats)
        sound = job.sound and any(form.painted for form in formats)
        clip = open_clip(entry.source, job.cut, pictures, sound, self._say)
        if clip.facts.live:
            # It cannot be had again, so the next recording must not take its place.
            began = time.strftime('%Y%m%d-%H%M%S')
            noted = replace(noted, stem=entry.stem.with_name(f'{entry.stem.name}_{began}'))
        targets = [
            Target(FORMATS[name], output_path(job.output, noted.stem, name)) for name in job.formats
        ]
        self._opened(clip.facts)
        run = ClipRun(self._estimator, clip, targets, job.options, self._batch, self._told)
        result = run()
        paths = [path for target in targets for path in files_of(target.path)]
        facts = _told_facts(clip, result)
        self.outcome.frames += result.frames
        self.outcome.stopped = result.interrupted
        self.outcome.notes[noted.source] = _notes(clip)
        self.outcome.written.append(
            {
                'source': noted.source,
                'outputs': [str(target.path) for target in targets],
                **facts,
            }
        )
        reason = clip.damage.reason()
        if reason:
            self.outcome.failed[noted.source] = f'{reason}; {result.frames} frames were written'
            self._journal.fail(noted, reason)
        else:
            self._journal.finish(noted, paths, facts)

    def _fail(self, entry: PictureEntry, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        self.outcome.failed[entry.source] = reason
        if getattr(error, 'errno', None) in FATAL:
            strerror = getattr(error, 'strerror', None)
            raise OutputError(
                f'{self._job.output} takes no more files: {strerror}; make room, then go on with '
                '--resume'
            ) from error
        self._journal.fail(entry, reason)


def _told_facts(clip: Clip, result: ClipResult) -> dict[str, Any]:
    facts, damage = clip.facts, clip.damage
    return {
        'kind': result.kind.value,
        'size': [facts.width, facts.height],
        'network_size': [result.network_size[1], result.network_size[0]],
        'frames': result.frames,
        'dropped': damage.dropped,
        'rate': str(facts.rate),
        'time_base': str(facts.time_base),
        'first_seconds': float(result.first * facts.time_base - facts.shift),
        'last_seconds': float(result.last * facts.time_base - facts.shift),
        'sound': [
            {'codec': track.codec, 'became': track.codec if track.copied else 'aac'}
            for track in facts.sound
        ],
    }


def _notes(clip: Clip) -> list[str]:
    notes = list(clip.damage.notes)
    for track in clip.facts.sound:
        if not track.copied:
            notes.append(f'its sound was {track.codec}, which browsers do not play: now AAC')
    if clip.damage.retimed:
        notes.append(f'{clip.damage.retimed} frames had no later time than the one before')
    if clip.damage.dropped:
        notes.append(f'{clip.damage.dropped} frames came while the network was busy: left out')
    return notes
