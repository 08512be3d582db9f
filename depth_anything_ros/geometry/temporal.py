# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Steadier depth: a motion-aware blend of successive frames in disparity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from depth_anything_ros.depth import DepthKind

COARSE_SIDE = 160
"""Longer side of the grid (cells) on which motion, weights and corrections are found."""

GAIN_RANGE = (0.5, 2.0)
"""How much a camera's exposure may change between two frames and still be evened out."""

MIN_FIT_CELLS = 50
"""Fewest cells from which a scale and a shift are found."""

LARGEST_RATIO = 1e6
LARGEST = 1e15
"""Disparity from which on it is none: sums of more would not be finite, nor what comes after."""


class TemporalError(ValueError):
    """Settings or inputs that the temporal filter cannot use."""


@dataclass(frozen=True)
class TemporalSettings:
    """How strongly frames are blended, and what tells that the past no longer holds.

    ``strength`` in [0, 1) is the history's weight where nothing changed; 0 switches the filter
    off. A cell's weight falls to strength / e where its grey level changed by ``picture_change``
    (of 1, after exposure is evened out), and again where its disparity differs from the history's
    by the share ``disparity_jump``. With ``follow_scale`` the history is brought to the present
    frame's scale and shift first, so that a change of the whole picture passes at once and only
    what differs within it is smoothed. The history is dropped where more than the share ``cut``
    of the cells changed as much as that: at a scene cut, or when the camera moves fast.

    The price is a lag: a wall 1 to 2 m ahead that comes nearer at 0.5 m/s with 10 frames a second
    seems 6 % too far at a strength of 0.8, 0.6 % with ``follow_scale`` (benchmarks/temporal.py).

    Raises TemporalError for values out of range.
    """

    strength: float = 0.0
    picture_change: float = 0.15
    disparity_jump: float = 0.2
    follow_scale: bool = False
    cut: float = 0.35

    def __post_init__(self) -> None:
        """Refuse what makes no filter."""
        for name in ('strength', 'picture_change', 'disparity_jump', 'cut'):
            value = getattr(self, name)
            if not isinstance(value, Real) or not math.isfinite(value):
                raise TemporalError(f'{name} is {value!r}: give a finite number')
            if name != 'strength' and value <= 0:
                raise TemporalError(f'{name} is {value!r}: give a number above 0')
        if not 0 <= self.strength < 1:
            raise TemporalError(
                f'strength is {self.strength!r}: give 0 (off) to below 1 (0.8 is usual)'
            )


@dataclass(frozen=True)
class _Past:
    """What is kept of the last frame, on the coarse grid: grey uint8, blended disparity."""

    grey: np.ndarray
    disparity: np.ndarray
    size: tuple[int, int]


class TemporalFilter:
    """Blend the depth maps of one camera over time; make one filter per camera.

    Call it with every frame in order. Weights and corrections are found on a coarse grid, and the
    frame is multiplied by the correction, so edges stay as sharp as they are in the frame. The
    zero of RELATIVE depth is arbitrary, so there differences count relative to the disparity plus
    the usual one, the median of the first frame. ``history_share`` is the mean weight that the
    history had in the last frame, ``resets`` how often the history was dropped.
    """

    def __init__(self, settings: TemporalSettings, kind: DepthKind) -> None:
        self.settings, self.kind = settings, kind
        self.history_share = 0.0
        self.resets = 0
        self._past: _Past | None = None
        self._offset = 0.0

    def reset(self) -> None:
        """Forget the past: the next frame passes as it is."""
        self._past, self.history_share = None, 0.0

    @torch.no_grad()
    def __call__(self, values: Tensor, picture: np.ndarray) -> Tensor:
        """Return the depth (H, W) of a frame, blended with that of the frames before.

        ``values`` are float32 metres (METRIC, REP 117 specials) or relative inverse depth
        (RELATIVE), on any device; ``picture`` is the frame's RGB (h, w, 3) or grey (h, w) uint8,
        of any size with the same field of view. A pixel that is unknown now stays unknown, one at
        +Inf or -Inf stays that, and none of them touches others. Raises TemporalError for other
        shapes or dtypes.
        """
        _check(values, picture)
        if self.settings.strength == 0:
            return values
        size = (values.shape[0], values.shape[1])
        grid = _grid(*size)
        grey = _grey(picture, grid)
        present = _coarse_disparity(values, self.kind, grid)
        if self._past is not None and self._past.size != size:
            self._drop()
        correction = self._correction(grey, present)
        if correction is None:
            self._offset = _usual(present) if self.kind is DepthKind.RELATIVE else 0.0
            self._past = _Past(grey, present, size)
            return values
        blended = (present + self._offset) * correction - self._offset
        self._past = _Past(grey, blended, size)
        factor = F.interpolate(
            torch.from_numpy(correction).to(values.device)[None, None],
            size=size,
            mode='bilinear',
            align_corners=False,
        )[0, 0]
        # NaN and Inf stay what they are: the factor is finite and above 0.
        if self.kind is DepthKind.METRIC:
            return values / factor
        lifted = (values + self._offset) * factor - self._offset
        # What a network puts at zero is beyond all depth and stays there; nothing else joins it.
        return torch.where(values > 0, torch.maximum(lifted, values / 2), values)

    def _correction(self, grey: np.ndarray, present: np.ndarray) -> np.ndarray | None:
        """Return the factor of each cell's disparity, or None where there is no past to use."""
        past, settings = self._past, self.settings
        if past is None:
            return None
        change = _grey_change(grey, past.grey)
        history = past.disparity
        if settings.follow_scale:
            history = _to_scale_of(present, history)
        known = (present > 0) & (history > 0)
        present = np.where(known, present + self._offset, 1.0)
        history = np.where(known, history + self._offset, 1.0)
        jump = np.abs(history - present) / np.maximum(present, history)
        exponent = (change / settings.picture_change) ** 2 + (jump / settings.disparity_jump) ** 2
        if (exponent[known] > 1).sum() > settings.cut * known.sum():
            return self._drop()
        weight = np.where(known, settings.strength * np.exp(-exponent), 0.0)
        self.history_share = float(weight.mean())
        # The bound changes nothing: what jumped so far has a weight of 1e-11.
        ratio = np.minimum(history, LARGEST_RATIO * present) / present
        return (1 + weight * (ratio - 1)).astype(np.float32)

    def _drop(self) -> np.ndarray | None:
        """Count a reset and forget the past."""
        self.resets += 1
        self.reset()
        return None


def _check(values: Tensor, picture: np.ndarray) -> None:
    if values.ndim != 2 or values.dtype != torch.float32 or not values.numel():
        raise TemporalError(
            f'depth is {tuple(values.shape)} {values.dtype}: give (H, W) torch.float32'
        )
    color = picture.ndim == 3 and picture.shape[2] == 3
    if not (color or picture.ndim == 2) or picture.dtype != np.uint8 or not picture.size:
        raise TemporalError(
            f'the picture is {picture.shape} {picture.dtype}: give (H, W, 3) or (H, W) uint8'
        )


def _grid(height: int, width: int) -> tuple[int, int]:
    """Return the coarse grid's (rows, columns) for a depth map."""
    shrink = min(1.0, COARSE_SIDE / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def _grey(picture: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Return the picture's grey levels on the grid, uint8."""
    small = cv2.resize(picture, grid[::-1], interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY) if small.ndim == 3 else small


def _coarse_disparity(values: Tensor, kind: DepthKind, grid: tuple[int, int]) -> np.ndarray:
    """Return each cell's mean disparity, NaN where less than half of its pixels have one."""
    # Every second pixel or so says as much about a cell as all of them.
    step = max(1, max(values.shape) // (2 * COARSE_SIDE))
    some = values[::step, ::step].contiguous()
    disparity = some.reciprocal() if kind is DepthKind.METRIC else some
    known = (disparity > 0) & (disparity < LARGEST)
    both = torch.stack((torch.where(known, disparity, 0.0), known.float()))
    total, share = F.interpolate(both[None], size=grid, mode='area')[0].cpu().numpy()
    return np.where(share >= 0.5, total / np.maximum(share, 0.5), np.float32('nan'))


def _usual(disparity: np.ndarray) -> float:
    """Return the median of the cells that have a disparity above 0, 0 without any."""
    known = disparity[disparity > 0]
    return float(np.median(known)) if known.size else 0.0


def _grey_change(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return how much each cell's grey level changed (of 1), exposure evened out, blurred."""
    low, middle, high = _quartiles(now)
    old_low, old_middle, old_high = _quartiles(before)
    gain = float(np.clip((high - low) / max(1, old_high - old_low), *GAIN_RANGE))
    # Quartiles, so that something new in a part of the picture does not pass for exposure.
    change = now - (gain * before.astype(np.float32) + (middle - gain * old_middle))
    return cv2.blur(np.abs(change), (3, 3)) / 255


def _quartiles(grey: np.ndarray) -> tuple[int, int, int]:
    """Return the grey levels below which a quarter, half and three quarters of the cells are."""
    below = np.bincount(grey.ravel(), minlength=256).cumsum()
    low, middle, high = np.searchsorted(below, [grey.size / 4, grey.size / 2, 3 * grey.size / 4])
    return int(low), int(middle), int(high)


def _to_scale_of(present: np.ndarray, history: np.ndarray) -> np.ndarray:
    """Bring the history to the present frame's scale and shift, robustly.

    Least squares, then twice more without the cells that it misses most. Too few cells, or a
    scale that is not above 0, leave the history as it is.
    """
    known = (present > 0) & (history > 0)
    x, y = history[known].astype(np.float64), present[known].astype(np.float64)
    a, b = 1.0, 0.0
    for _ in range(3):
        if x.size < MIN_FIT_CELLS:
            return history
        spread = x.var()
        a = float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread > 0 else 1.0
        b = float(y.mean() - a * x.mean())
        miss = np.abs(a * x + b - y)
        keep = miss <= 2.5 * np.median(miss) + 1e-9
        x, y = x[keep], y[keep]
    return a * history + b if a > 0 else history
