# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A sheet of the samples of a training set: pictures, and their depth in colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from depth_anything_ros.data.sample import Sample, printable
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.color import colorize
from depth_anything_ros.media.contact_sheet import contact_sheet

_PAIRS, _PICTURES = 2, 4
"""Samples in a row, with depth and without."""

_CAPTION = 60


def sample_sheet(samples: Sequence[Sample], colormap: str, thumbnail_width: int) -> np.ndarray:
    """Return a sheet (H, W, 3) uint8 RGB of one or more samples, each beside its depth if any.

    Near is red, the sky has the far colour, unknown is black; the colours of each picture range
    over its own depths. Raises ColorMapError.
    """
    across = _PICTURES if samples[0].depth is None else _PAIRS
    rows: list[list[np.ndarray | None]] = []
    captions = []
    for start in range(0, len(samples), across):
        chosen = samples[start : start + across]
        cells: list[np.ndarray | None] = []
        for sample in chosen:
            cells.append(sample.rgb)
            if sample.depth is not None:
                cells.append(colorize(sample.depth, DepthKind.METRIC, colormap))
        rows.append(cells)
        captions.append('   |   '.join(printable(sample.key)[-_CAPTION:] for sample in chosen))
    return contact_sheet(rows, captions=captions, thumbnail_width=thumbnail_width)
