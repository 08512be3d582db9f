# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Saving published frames into the parameter save_folder, in a thread of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from depth_anything_ros.ros.reporter import Logger, Reporter
from depth_anything_ros.ros.saved_frame import SavedFrame, SaveWish, save_frame

SAVE_TROUBLE = 'save'
MOST_WAITING = 8
"""Frames that may wait for a slow disk at once, of all cameras together."""


class SavedCamera(Protocol):
    """What is needed of a camera whose frames are saved."""

    wish: SaveWish
    reporter: Reporter

    @property
    def log(self) -> Logger:
        """Where to say what was done."""


class FrameSaver:
    """Write the next published frame of each of some cameras when it is asked to.

    ``folder`` is the only one that is written to, '' for none. Who publishes hands frames over
    without waiting; files are written one frame after the other. What goes wrong is a trouble of
    the camera, until one of its frames is saved again.
    """

    def __init__(self, folder: str, cameras: Mapping[str, SavedCamera]) -> None:
        self._folder = folder
        self._cameras = cameras
        self._frames: SimpleQueue[tuple[str, SavedFrame] | None] = SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ask(self) -> tuple[bool, str]:
        """Wish for the next frame of every camera; return if it can be, and what to tell."""
        trouble = self._trouble()
        if trouble:
            return False, trouble
        with self._lock:
            waiting = self._waiting
        if waiting + len(self._cameras) > max(MOST_WAITING, len(self._cameras)):
            return False, f'{waiting} frames still wait for the disk, try again when it has them'
        self._start()
        for name, camera in self._cameras.items():
            camera.wish.ask(partial(self._put, name))
        return True, (
            f'the next published frame of {len(self._cameras)} camera(s) is saved into a folder '
            f'of its own in {self._folder}; the log and /diagnostics tell how that went'
        )

    def close(self, timeout: float) -> bool:
        """Write what waits and end the thread; return False when that outlasts ``timeout`` s."""
        for camera in self._cameras.values():
            camera.wish.withdraw()
        if self._thread is None:
            return True
        self._frames.put(None)
        self._thread.join(timeout)
        if self._thread.is_alive():
            return False
        self._thread = None
        return True

    def _trouble(self) -> str:
        """Return why nothing can be saved, '' where it seems that it can."""
        if not self._folder:
            return (
                'the parameter save_folder is empty: start the node with the full path of the '
                'folder to save frames into'
            )
        try:
            # Its last part alone: where a disk is not mounted, the rest must not fill another.
            Path(self._folder).mkdir(exist_ok=True)
        except OSError as error:
            return f'save_folder {self._folder} cannot be made: {error.strerror}'
        if not os.access(self._folder, os.W_OK | os.X_OK):
            return f'save_folder {self._folder} cannot be written to: permission denied'
        return ''

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name='frame-saver', daemon=True)
            self._thread.start()

    def _put(self, camera: str, frame: SavedFrame) -> None:
        with self._lock:
            self._waiting += 1
        self._frames.put((camera, frame))

    def _run(self) -> None:
        while (item := self._frames.get()) is not None:
            camera, frame = item
            self._save(camera, frame)
            del item, frame  # pictures are let go before the next wait
            with self._lock:
                self._waiting -= 1

    def _save(self, camera: str, frame: SavedFrame) -> None:
        wish, reporter = self._cameras[camera].wish, self._cameras[camera].reporter
        try:
            path = save_frame(Path(self._folder), camera, frame)
        except Exception as error:  # whatever it is, the next frame may do better
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            trouble = f'a frame could not be saved in {self._folder}, nothing of it stays: {reason}'
            wish.outcome = trouble
            reporter.report(SAVE_TROUBLE, trouble)
            return
        reporter.clear(SAVE_TROUBLE, 'frames can be saved again')
        wish.outcome = f'saved {path}'
        self._cameras[camera].log.info(wish.outcome)
