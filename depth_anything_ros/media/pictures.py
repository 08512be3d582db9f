# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures on disk: one file, or a folder of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from depth_anything_ros.media.decoding import DecodingError, decode_picture
from depth_anything_ros.media.frames import (
    DEFAULT_RATE,
    Frame,
    Source,
    SourceError,
    fit,
    natural_key,
)

PICTURE_SUFFIXES = tuple(
    f'.{kind}' for kind in ['bmp', 'jpeg', 'jpg', 'pgm', 'png', 'pnm', 'ppm', 'tif', 'tiff', 'webp']
)

MAX_BYTES = 2**30
"""Largest file that is read: more than MAX_PIXELS take as plain 16-bit colours."""


def is_picture(path: Path) -> bool:
    """Tell by its name whether a file is a picture."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def read_picture(path: Path) -> np.ndarray | None:
    """Read a picture as (H, W, 3) uint8 RGB; None when it cannot be decoded.

    Grey pictures get three equal channels, 16-bit ones their upper 8 bits, and the orientation of
    the EXIF block is applied. The format is told by content. What claims more pixels than
    MAX_PIXELS of media/decoding.py is not decoded, nor is a file of more than MAX_BYTES.
    """
    try:
        if not path.is_file():  # a pipe would be waited for without end
            return None
        with path.open('rb') as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            return None
        return cv2.cvtColor(decode_picture(content), cv2.COLOR_BGR2RGB)
    except (OSError, DecodingError):
        return None


class PictureSource(Source):
    """The pictures of a folder in natural order, without its subfolders, or a single picture.

    Files that are no pictures are counted in ``ignored`` and pictures that cannot be decoded in
    ``skipped``. Raises SourceError for a missing path, a folder without pictures, and when a whole
    lap decodes nothing.
    """

    def __init__(self, path: Path, size: tuple[int, int] | None, rate: float, loop: bool) -> None:
        super().__init__(str(path), rate or DEFAULT_RATE)
        self.size = size
        self.loop = loop
        if path.is_dir():
            files = [entry for entry in path.iterdir() if entry.is_file()]
            self.paths = sorted(
                filter(is_picture, files), key=lambda entry: natural_key(entry.name)
            )
            self.ignored = len(files) - len(self.paths)
            if not self.paths:
                raise SourceError(
                    f'no pictures in folder {path} ({self.ignored} other files; subfolders are not '
                    f'searched): expected one of {", ".join(PICTURE_SUFFIXES)}'
                )
        elif path.is_file():
            self.paths, self.ignored = [path], 0
        else:
            raise SourceError(f'no such file or folder: {path}')

    def __iter__(self) -> Iterator[Frame]:
        """Yield the pictures, over and over when looping."""
        while True:
            shown = 0
            for path in self.paths:
                rgb = read_picture(path)
                if rgb is None:
                    self.skipped += 1
                    continue
                shown += 1
                yield Frame(fit(rgb, self.size), None, path.name, None)
            if not shown:
                raise SourceError(
                    f'none of the {len(self.paths)} picture(s) of {self.name} can be decoded'
                )
            if not self.loop:
                return
