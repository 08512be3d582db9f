# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/contact_sheet.py."""

import numpy as np
import pytest

from depth_anything_ros.media.contact_sheet import BACKGROUND, FAINT, contact_sheet


def plain(color, size=(48, 64)) -> np.ndarray:
    return np.full((*size, 3), color, np.uint8)


def has_color(area: np.ndarray, color) -> bool:
    return bool((area == color).all(axis=2).any())


def test_pictures_stand_in_rows_and_columns() -> None:
    red, green, blue = (200, 0, 0), (0, 200, 0), (0, 0, 200)
    sheet = contact_sheet([[plain(red), plain(green)], [plain(blue), None]], thumbnail_width=80)
    assert sheet.dtype == np.uint8 and sheet.ndim == 3
    half_y, half_x = sheet.shape[0] // 2, sheet.shape[1] // 2
    assert has_color(sheet[:half_y, :half_x], red)
    assert has_color(sheet[:half_y, half_x:], green)
    assert has_color(sheet[half_y:, :half_x], blue)
    assert has_color(sheet[half_y:, half_x:], FAINT)


def test_pictures_keep_their_aspect() -> None:
    sheet = contact_sheet([[plain(9), plain((200, 0, 0), (64, 32))]], thumbnail_width=64)
    red = (sheet == (200, 0, 0)).all(axis=2)
    rows, cols = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert len(rows) == 2 * len(cols) == 48


def test_titles_and_captions_are_written_around_the_pictures() -> None:
    bare = contact_sheet([[plain(9)]])
    worded = contact_sheet(
        [[plain(9)]], titles=['picture'], captions=['frame 3, über ' + 'x' * 200]
    )
    assert worded.shape[0] > bare.shape[0] and worded.shape[1] == bare.shape[1]
    ink = (worded.astype(int) - BACKGROUND).max(axis=2) > 100
    assert ink[:30].any() and ink[-26:].any()
    assert not ink[:, :4].any() and not ink[:, -4:].any()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match='at least one'):
        contact_sheet([[None]])
    with pytest.raises(ValueError, match='2 titles for 1 columns'):
        contact_sheet([[plain(1)]], titles=['a', 'b'])
    with pytest.raises(ValueError, match='1 captions for 2 rows'):
        contact_sheet([[plain(1)], [plain(2)]], captions=['a'])
