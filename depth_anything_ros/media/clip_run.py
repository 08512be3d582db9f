# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One moving picture through one network: reading, computing, and writing at the same time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.geometry.edges import EdgeSettings, without_flying_pixels
from depth_anything_ros.geometry.temporal import TemporalFilter, TemporalSettings
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.pipeline import Pending
from depth_anything_ros.inference.threads import one_thread
from depth_anything_ros.media.byte_pipe import BytePipe, StoppedError
from depth_anything_ros.media.clip_files import ClipFormat, ClipStyle
from depth_anything_ros.media.clip_items import (
    ClipError,
    ClipFacts,
    ClipFrame,
    Damage,
    DepthFrame,
    SoundPacket,
)
from depth_anything_ros.media.clip_scale import SteadyRange
from depth_anything_ros.media.color import color_indices
from depth_anything_ros.media.picture_depth import DepthOptions, finished_values

PIPE_ITEMS = 512
"""Most things between two threads; of frames the bytes are the limit."""

PIPE_BYTES = 48 * 2**20
NOTHING = np.empty((0, 0, 3), np.uint8)
"""Stands for a picture that is no longer needed; an empty view would keep it."""

LEAVE_SECONDS = 2.0
"""How long a reader that waits for a stream is waited for."""


class Clip(Protocol):
    """What gives frames and sound: FileClip, StreamClip or CameraClip."""

    facts: ClipFacts
    damage: Damage

    def __iter__(self) -> Iterator[ClipFrame | SoundPacket]:
        """Yield frames and sound, once."""

    def close(self) -> None:
        """End the iteration soon; any thread may call it."""

    def release(self) -> None:
        """Give back what is open, after the iteration."""


@dataclass(frozen=True)
class Target:
    """A format, and where it goes."""

    format: ClipFormat
    path: Path


@dataclass(frozen=True)
class ClipOptions:
    """What is done to depth and how it is drawn; ``temporal`` is the filter's strength.

    ``max_jump`` is the relative jump of metres whose ramp is unknown in stored depth, 0 keeps
    all; colours keep it, as nobody takes those for points.
    """

    depth: DepthOptions = field(default_factory=DepthOptions)
    style: ClipStyle = field(default_factory=ClipStyle)
    temporal: float = 0.0
    max_jump: float = 0.0


@dataclass
class ClipResult:
    """What came of a clip: frames, and whether the user ended a live one."""

    frames: int = 0
    kind: DepthKind = DepthKind.RELATIVE
    network_size: tuple[int, int] = (0, 0)
    interrupted: bool = False
    first: int = 0
    last: int = 0


class ClipRun:
    """Reads in one thread, estimates in the caller's, finishes in a third, and writes in one each.

    What is between them is bounded, so memory is the same for any length. ``told`` is called in
    the calling thread after each frame.
    """

    def __init__(
        self,
        estimator: DepthEstimator,
        clip: Clip,
        targets: Sequence[Target],
        options: ClipOptions,
        batch: int = 1,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._estimator, self._clip, self._targets = estimator, clip, targets
        self._options, self._batch, self._told = options, batch, told
        whole = options.depth.refine or any(not t.format.painted for t in targets)
        self._at_network_size = not whole
        self._read: BytePipe[ClipFrame | SoundPacket] = BytePipe(PIPE_ITEMS, PIPE_BYTES)
        self._estimated: BytePipe[tuple[ClipFrame, Depth] | SoundPacket] = BytePipe(
            PIPE_ITEMS, PIPE_BYTES
        )
        self._out: list[BytePipe[DepthFrame | SoundPacket]] = [
            BytePipe(PIPE_ITEMS, PIPE_BYTES) for _ in targets
        ]
        self._errors: list[BaseException] = []
        self.result = ClipResult(kind=estimator.kind)

    def __call__(self) -> ClipResult:
        """Do all of it. Raises what broke it; then nothing is left under the names.

        KeyboardInterrupt ends a live clip, and its files are whole; it is raised for any other.
        """
        reader = threading.Thread(target=self._run_reader, name='clip-reader', daemon=True)
        others = [threading.Thread(target=self._run_finisher, name='clip-finisher')]
        for target, pipe in zip(self._targets, self._out, strict=True):
            arguments = (target, pipe)
            others.append(
                threading.Thread(target=self._run_writer, args=arguments, name='clip-writer')
            )
        for thread in (reader, *others):
            thread.start()
        error: BaseException | None = None
        try:
            self._estimate()
        except KeyboardInterrupt as stop:
            self.result.interrupted = True
            error = None if self._clip.facts.live and self.result.frames else stop
        except BaseException as broken:
            error = broken
        self._clip.close()
        self._read.stop()
        self._estimated.end(error)
        for thread in others:
            thread.join()
        reader.join(LEAVE_SECONDS)
        if not reader.is_alive():
            self._clip.release()
        # A writer that broke is why the others were stopped.
        causes = [found for found in self._errors if not isinstance(found, StoppedError)]
        if causes and (error is None or isinstance(error, StoppedError)):
            raise causes[0]
        if error is not None:
            raise error
        return self.result

    def _run_reader(self) -> None:
        live = self._clip.facts.live
        try:
            for item in self._clip:
                if live and isinstance(item, ClipFrame):
                    self._clip.damage.dropped += not self._read.offer(item, item.size)
                else:
                    self._read.put(item, item.size)
            self._read.end()
        except StoppedError:
            return
        except BaseException as error:
            self._read.end(error)

    def _estimate(self) -> None:
        """Take frames through the network, as many at once as it likes."""
        waiting: list[ClipFrame] = []
        under_way: deque[tuple[list[ClipFrame], Pending]] = deque()
        for item in self._read:
            if isinstance(item, SoundPacket):
                self._estimated.put(item, item.size)
                continue
            waiting.append(item)
            if len(waiting) >= self._batch:
                under_way.append((waiting, self._submitted(waiting)))
                waiting = []
            while len(under_way) >= max(1, self._estimator.in_flight):
                self._collect(*under_way.popleft())
        if waiting:
            under_way.append((waiting, self._submitted(waiting)))
        while under_way:
            self._collect(*under_way.popleft())

    def _submitted(self, frames: list[ClipFrame]) -> Pending:
        pictures = [frame.rgb for frame in frames]
        return self._estimator.submit(pictures, at_network_size=self._at_network_size)

    def _collect(self, frames: list[ClipFrame], pending: Pending) -> None:
        for frame, depth in zip(frames, pending.result(), strict=True):
            self._estimated.put((frame, depth), frame.size + depth.values.nbytes)
            if not self.result.frames:
                self.result.first, self.result.network_size = frame.pts, depth.network_size
            self.result.last = frame.pts
            self.result.frames += 1
            self._told()

    def _run_finisher(self) -> None:
        try:
            with one_thread(), torch.inference_mode():
                self._finish()
            ending: BaseException | None = None
        except BaseException as error:
            self._errors.append(error)
            self._estimated.stop()
            ending = error
        for pipe in self._out:
            pipe.end(ending)

    def _finish(self) -> None:
        base, options = self._clip.facts.time_base, self._options
        kind = self._estimator.kind if options.depth.scale is None else DepthKind.METRIC
        smooth = None
        if options.temporal > 0:
            smooth = TemporalFilter(TemporalSettings(options.temporal), self._estimator.kind)
        painted = any(target.format.painted for target in self._targets)
        steady = SteadyRange[tuple[ClipFrame, np.ndarray, int]](kind, ahead=painted)
        for item in self._estimated:
            if isinstance(item, SoundPacket):
                self._hand_out(item)
                continue
            frame, depth = item
            made, _ = finished_values(
                frame.rgb, depth, self._estimator.max_depth, options.depth, smooth
            )
            values = made.numpy()
            slim = replace(frame, rgb=NOTHING)
            held = slim, values, depth.network_size[1]
            size = slim.size + values.nbytes
            seconds = float(frame.pts * base)
            for ready in steady.push(held, values, frame.rgb, seconds, size):
                self._hand_out(self._depth_frame(*ready, kind))
        for ready in steady.flush():
            self._hand_out(self._depth_frame(*ready, kind))

    def _depth_frame(
        self, item: tuple[ClipFrame, np.ndarray, int], ends: tuple[float, float], kind: DepthKind
    ) -> DepthFrame:
        frame, values, network_width = item
        index, known = color_indices(values, kind, ends)
        unknown = None if known.all() else ~known
        kept = None if self._at_network_size else values
        jump = self._options.max_jump
        if kept is not None and jump > 0 and kind is DepthKind.METRIC:
            edges = EdgeSettings.enlarged(kept.shape[1], network_width, jump)
            kept = without_flying_pixels(torch.from_numpy(kept), edges).values.numpy()
        return DepthFrame(frame.pts, frame.duration, kind, kept, index, unknown, frame.planes)

    def _hand_out(self, item: DepthFrame | SoundPacket) -> None:
        for pipe in self._out:
            pipe.put(item, item.size)

    def _run_writer(self, target: Target, pipe: BytePipe[DepthFrame | SoundPacket]) -> None:
        try:
            items, facts = iter(pipe), self._clip.facts
            if not target.format.write(target.path, items, facts, self._options.style):
                raise ClipError('it has no frames in the part that is wanted')
        except BaseException as error:
            self._errors.append(error)
            pipe.stop()
