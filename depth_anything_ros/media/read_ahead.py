# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading a source in a thread of its own, one item ahead of the consumer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from depth_anything_ros.media.frames import Frame, Source

Item = TypeVar('Item')


class ReadAhead(Generic[Item]):
    """Opens a source, reads it and prepares its frames in a thread, keeping one item ready.

    ``open_it`` gives the source, ``prepare`` turns a frame into the item that ``take`` returns,
    ``ready`` is called when an item has come or the thread is done, and ``progress`` as
    Source.prepare does: all four in the thread. A live source never waits: its newest item
    replaces one not yet taken, which ``dropped`` counts. What goes wrong is kept in ``error``.
    """

    def __init__(
        self,
        open_it: Callable[[], Source],
        prepare: Callable[[Frame], Item],
        ready: Callable[[], None],
        progress: Callable[[int, int], None],
    ) -> None:
        self._open_it = open_it
        self._prepare = prepare
        self._ready = ready
        self._progress = progress
        self.source: Source | None = None
        self.error: Exception | None = None
        self.dropped = 0
        self._slot: Item | None = None
        self._done = False
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name='read_ahead', daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def take(self) -> Item | None:
        """Return the item that is ready, or None when there is none yet."""
        with self._changed:
            item, self._slot = self._slot, None
            self._changed.notify_all()
            return item

    @property
    def finished(self) -> bool:
        """Whether the source has ended, or failed, and its last item was taken."""
        with self._changed:
            return self._done and self._slot is None

    def close(self, timeout: float) -> bool:
        """Stop the thread; False when it is still busy after ``timeout`` seconds."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self.source is not None:
            self.source.close()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.source = self._open_it()
            with self.source:
                if not self._closed:
                    self._read(self.source)
        except Exception as error:  # decoders raise what they like: the consumer must hear of it
            self.error = error
        with self._changed:
            self._done = True
            if self._closed:
                return
        self._ready()

    def _read(self, source: Source) -> None:
        source.prepare(self._progress)
        for frame in source:
            item = self._prepare(frame)
            with self._changed:
                if source.live and self._slot is not None:
                    self.dropped += 1
                    self._slot = None
                self._changed.wait_for(lambda: self._closed or self._slot is None)
                if self._closed:
                    return
                self._slot = item
            self._ready()
