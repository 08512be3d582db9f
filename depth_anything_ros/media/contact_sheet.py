# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Contact sheets: many thumbnails on one picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

BACKGROUND = (24, 24, 28)
INK = (235, 235, 235)
FAINT = (60, 60, 66)
GAP = 8  # pixels between thumbnails
TITLE_HEIGHT = 28
CAPTION_HEIGHT = 22
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def contact_sheet(
    rows: Sequence[Sequence[np.ndarray | None]],
    *,
    titles: Sequence[str] = (),
    captions: Sequence[str] = (),
    thumbnail_width: int = 320,
) -> np.ndarray:
    """Lay pictures out in a grid, one row for each scene.

    ``rows`` holds (H, W, 3) uint8 RGB pictures, or None for an empty place; they are shrunk into
    cells ``thumbnail_width`` wide, as high as the first picture's aspect asks, and centred with
    their own aspect. ``titles`` stand over the columns and ``captions`` under the rows. Returns
    uint8 RGB; raises ValueError when there is no picture or the number of titles or captions does
    not fit.
    """
    first = next((cell for row in rows for cell in row if cell is not None), None)
    if first is None:
        raise ValueError('a contact sheet needs at least one picture')
    columns = max(len(row) for row in rows)
    if titles and len(titles) != columns:
        raise ValueError(f'{len(titles)} titles for {columns} columns')
    if captions and len(captions) != len(rows):
        raise ValueError(f'{len(captions)} captions for {len(rows)} rows')
    cell_width = thumbnail_width
    cell_height = max(1, round(thumbnail_width * first.shape[0] / first.shape[1]))
    top = GAP + (TITLE_HEIGHT if titles else 0)
    pitch_x = cell_width + GAP
    pitch_y = cell_height + GAP + (CAPTION_HEIGHT if captions else 0)
    size = (top + len(rows) * pitch_y, GAP + columns * pitch_x, 3)
    sheet = np.full(size, BACKGROUND, dtype=np.uint8)
    for c, title in enumerate(titles):
        _write(sheet, title, (GAP + c * pitch_x, top - GAP), cell_width, 0.6)
    for r, row in enumerate(rows):
        y = top + r * pitch_y
        for c, cell in enumerate(row):
            x = GAP + c * pitch_x
            _place(sheet[y : y + cell_height, x : x + cell_width], cell)
        if captions:
            baseline = y + cell_height + CAPTION_HEIGHT - 5
            _write(sheet, captions[r], (GAP, baseline), columns * pitch_x - GAP, 0.5)
    return sheet


def _place(cell: np.ndarray, picture: np.ndarray | None) -> None:
    """Draw a picture into the middle of a cell, or grey where there is none."""
    if picture is None:
        cell[:] = FAINT
        return
    scale = min(cell.shape[1] / picture.shape[1], cell.shape[0] / picture.shape[0])
    width = min(cell.shape[1], max(1, round(picture.shape[1] * scale)))
    height = min(cell.shape[0], max(1, round(picture.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    y, x = (cell.shape[0] - height) // 2, (cell.shape[1] - width) // 2
    cell[y : y + height, x : x + width] = cv2.resize(picture, (width, height), interpolation=how)


def _write(sheet: np.ndarray, text: str, at: tuple[int, int], width: int, scale: float) -> None:
    """Write one line of text no wider than ``width``, smaller where it would not fit."""
    text = text.encode('ascii', 'replace').decode()  # the Hershey fonts have no other letters
    (needed, _), _ = cv2.getTextSize(text, _FONT, scale, 1)
    scale *= min(1.0, width / max(1, needed))
    cv2.putText(sheet, text, at, _FONT, scale, INK, 1, cv2.LINE_AA)
