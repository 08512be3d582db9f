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

MIN_FLOW_SIDE = 16
"""Fewest rows and columns (cells) in which motion is looked for; OpenCV's flow refuses below 12."""

MIN_FIT_CELLS = 50
"""Fewest cells from which a scale and a shift are found."""


class TemporalError(ValueError):
    """Settings or inputs that the temporal filter cannot use."""


@dataclass(frozen=True)
class TemporalSettings:
    """How strongly frames are blended, and what tells that the past no longer holds.

    ``strength`` in [0, 1) is the history's weight where nothing changed; 0 switches the filter
    off. A cell's weight falls to strength / e where its grey level changed by ``picture_change``
    (of 1, after motion and exposure are evened out), and again where its disparity differs from
    the history's by the share ``disparity_jump``. With ``follow_scale`` the history is brought to
    the present frame's scale and shift first, so that a change of the whole picture passes at
    once and only what differs within it is smoothed. The history is dropped at a scene cut, where
    more than the share ``cut`` of the picture changed, and when the picture's median motion is
    above ``largest_motion`` of its longer side. Raises TemporalError for values out of range.
    """

    strength: float = 0.0
    picture_change: float = 0.06
    disparity_jump: float = 0.15
    follow_scale: bool = False
    cut: float = 0.5
    largest_motion: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what makes no filter."""
        for name in ('strength', 'picture_change', 'disparity_jump', 'cut', 'largest_motion'):
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

    Call it with every frame in order. Weights and corrections are found on a coarse grid, over
    which the history is carried along by optical flow, and the frame is multiplied by the
    correction, so edges stay as sharp as they are in the frame. ``history_share`` is the mean
    weight that the history had in the last frame, ``resets`` how often the history was dropped.
    """

    def __init__(self, settings: TemporalSettings, kind: DepthKind) -> None:
        self.settings, self.kind = settings, kind
        self.history_share = 0.0
        self.resets = 0
        self._past: _Past | None = None
        # The name that every OpenCV 4 has, though its type hints lack it.
        make = cv2.DISOpticalFlow_create  # type: ignore[attr-defined]
        self._flow = make(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._flow.setFinestScale(1)

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
        grid = _grid(*values.shape)
        grey = _grey(picture, grid)
        present = _coarse_disparity(values, self.kind, grid)
        correction = self._correction(grey, present, (values.shape[0], values.shape[1]))
        if correction is None:
            self._past = _Past(grey, present, (values.shape[0], values.shape[1]))
            return values
        self._past = _Past(grey, present * correction, (values.shape[0], values.shape[1]))
        factor = F.interpolate(
            torch.from_numpy(correction).to(values.device)[None, None],
            size=values.shape,
            mode='bilinear',
            align_corners=False,
        )[0, 0]
        # NaN and Inf stay what they are: the factor is finite and above 0.
        return values / factor if self.kind is DepthKind.METRIC else values * factor

    def _correction(
        self, grey: np.ndarray, present: np.ndarray, size: tuple[int, int]
    ) -> np.ndarray | None:
        """Return the factor of each cell's disparity, or None where the past does not hold."""
        past = self._past
        if past is None:
            return None
        if past.size != size:
            self._drop()
            return None
        settings = self.settings
        flow = self._motion(grey, past.grey)
        if np.median(np.abs(flow).sum(-1)) > settings.largest_motion * max(grey.shape):
            self._drop()
            return None
        before, seen = _carry(past.grey, flow)
        change = _grey_change(grey, before)
        if (change > settings.picture_change).mean() > settings.cut:
            self._drop()
            return None
        history = np.where(seen, _carry(past.disparity, flow)[0], np.float32('nan'))
        if settings.follow_scale:
            history = _to_scale_of(present, history)
        known = (present > 0) & (history > 0)
        larger = np.maximum(present, history)
        jump = np.abs(history - present) / np.where(known, larger, 1.0)
        exponent = (change / settings.picture_change) ** 2 + (jump / settings.disparity_jump) ** 2
        weight = settings.strength * np.exp(-exponent)
        weight[~known] = 0.0
        self.history_share = float(weight.mean())
        ratio = np.where(known, history, 1.0) / np.where(known, present, 1.0)
        return (1 + weight * (ratio - 1)).astype(np.float32)

    def _motion(self, now: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Return where each cell's content was, (rows, columns, 2) cells off in x and y."""
        if min(now.shape) < MIN_FLOW_SIDE:
            return np.zeros((*now.shape, 2), np.float32)
        return self._flow.calc(now, before, None)

    def _drop(self) -> None:
        """Count a reset."""
        self.resets += 1
        self.history_share = 0.0


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
    known = torch.isfinite(values) & (values > 0)
    disparity = values.reciprocal() if kind is DepthKind.METRIC else values
    both = torch.stack((torch.where(known, disparity, 0.0), known.float()))
    total, share = F.interpolate(both[None], size=grid, mode='area')[0].cpu().numpy()
    return np.where(share >= 0.5, total / np.maximum(share, 0.5), np.float32('nan'))


def _carry(values: np.ndarray, flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move what was into the present picture; say which cells were in view then."""
    rows, columns = values.shape
    x = flow[..., 0] + np.arange(columns, dtype=np.float32)
    y = flow[..., 1] + np.arange(rows, dtype=np.float32)[:, None]
    seen = (np.abs(x - (columns - 1) / 2) <= columns / 2) & (np.abs(y - (rows - 1) / 2) <= rows / 2)
    return cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), seen


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
