# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One pair under a protocol: its score, or why it cannot be scored."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import cv2
import numpy as np

from depth_anything_ros.data.sample import SampleError
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.alignment import AlignmentError
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair
from depth_anything_ros.evaluation.boundary import boundary_f1
from depth_anything_ros.evaluation.crops import kitti_window
from depth_anything_ros.evaluation.metrics import Score, score_depth
from depth_anything_ros.evaluation.protocols import Protocol, ProtocolError

FEWEST_PIXELS = 10
"""Fewer that count make no score, as in the code of Depth Anything V2."""

TOO_FAR, TOO_NEAR = 10.0, 1e-3
"""Shares of the farthest depth that no median of a whole picture reaches: another unit does."""

ENDLESS = 100.0
"""What stands for the farthest depth of sets without one when units are looked at, in metres."""

ODD_RATIO = 30.0
"""How many times too far or too near metres are before their unit is doubted."""

SAME_SHAPE = 0.03
"""Relative difference of aspect up to which a prediction is of the same view."""


@dataclass(frozen=True)
class PairScore:
    """The score of a pair, and its boundary F1 where the measured depth has edges."""

    key: str
    scene: str
    score: Score
    boundary_f1: float | None

    def line(self) -> dict[str, Any]:
        """Return what a journal holds of it."""
        return {'scene': self.scene, 'score': asdict(self.score), 'boundary_f1': self.boundary_f1}

    @classmethod
    def of_line(cls, key: str, line: dict[str, Any]) -> PairScore:
        """Return what ``line`` held. Raises KeyError and TypeError for another line."""
        return cls(key, line['scene'], Score(**line['score']), line['boundary_f1'])


@dataclass(frozen=True)
class Compared:
    """Aligned depth (H, W) float64 beside the measured one, and which pixels count."""

    aligned: np.ndarray
    valid: np.ndarray


def windowed(pair: BenchmarkPair, protocol: Protocol) -> BenchmarkPair:
    """Return the pair as the protocol shows it to networks, cut to its window."""
    if not protocol.window:
        return pair
    part = kitti_window(pair.rgb.shape[0], pair.rgb.shape[1])
    return replace(
        pair, rgb=np.ascontiguousarray(pair.rgb[part]), depth=pair.depth[part], intrinsics=None
    )


def compare(
    pair: BenchmarkPair, whole: tuple[int, int], prediction: np.ndarray, kind: DepthKind,
    protocol: Protocol, metric: bool = True,
) -> Compared:  # fmt: skip
    """Bring a prediction to the pair's size and scale.

    ``pair`` is what ``windowed`` returned and ``whole`` the (height, width) before; a prediction of
    either view is taken, of any resolution (bilinear). ``metric`` is that of the set. Raises
    SampleError, with the reason for people: too few pixels that count, another unit than the
    set's, a prediction of another view, without values or without a fit.
    """
    protocol = protocol.of_scene(pair.scene)
    valid = protocol.valid(pair.depth)
    if metric:
        _check_unit(pair, protocol)
    if np.count_nonzero(valid) < FEWEST_PIXELS:
        raise _error(
            pair,
            f'has {np.count_nonzero(valid)} pixels of measured depth within {_range(protocol)}, '
            f'and {FEWEST_PIXELS} are needed',
        )
    values = _of_view(pair, whole, prediction, protocol)
    seen = values[valid]
    odd = np.count_nonzero(~np.isfinite(seen) & ~(np.isposinf(seen) & (kind is DepthKind.METRIC)))
    if odd:
        raise _error(pair, f'{odd} of the {seen.size} pixels that count have no prediction')
    if kind is DepthKind.METRIC and protocol.alignment == 'none':
        _check_prediction_unit(pair, seen, pair.depth[valid])
    try:
        return Compared(protocol.aligned(values, kind, pair.depth, valid), valid)
    except (AlignmentError, ProtocolError) as error:
        raise _error(pair, str(error)) from error


def score_pair(pair: BenchmarkPair, compared: Compared) -> PairScore:
    """Score what ``compare`` returned. Raises SampleError."""
    try:
        score = score_depth(compared.aligned, pair.depth, compared.valid)
    except ValueError as error:
        raise _error(pair, str(error)) from error
    sharp = boundary_f1(compared.aligned, pair.depth, compared.valid)
    return PairScore(pair.key, pair.scene, score, sharp)


def _check_unit(pair: BenchmarkPair, protocol: Protocol) -> None:
    """Refuse measured depth whose median is that of another unit, such as millimetres."""
    known = pair.depth[np.isfinite(pair.depth)]
    if not known.size:
        raise _error(pair, 'has no measured depth')
    middle = float(np.median(known))
    farthest = ENDLESS if math.isinf(protocol.max_depth) else protocol.max_depth
    if not TOO_NEAR * farthest <= middle <= TOO_FAR * farthest:
        guess = 'millimetres' if middle > farthest else 'kilometres'
        raise _error(
            pair,
            f'has a median depth of {middle:.4g}, which is far from {_range(protocol)}: is it in '
            f'another unit, such as {guess}?',
        )


def _check_prediction_unit(pair: BenchmarkPair, seen: np.ndarray, depth: np.ndarray) -> None:
    times = float(np.median(seen)) / float(np.median(depth))
    if not 1 / ODD_RATIO <= times <= ODD_RATIO:
        raise _error(
            pair,
            f'the prediction is {times:.3g} times as far as what was measured: is it in another '
            'unit, such as millimetres? Give --scale16 for whole numbers, or let it be aligned',
        )


def _of_view(
    pair: BenchmarkPair, whole: tuple[int, int], prediction: np.ndarray, protocol: Protocol
) -> np.ndarray:
    """Return a prediction at the pair's size, cut to the window where it shows the whole."""
    size = pair.depth.shape
    if prediction.shape == size:
        return prediction
    aspect = prediction.shape[1] / prediction.shape[0]
    if abs(aspect * size[0] / size[1] - 1) <= SAME_SHAPE and prediction.shape != whole:
        return _resized(prediction, (size[0], size[1]))
    if protocol.window and abs(aspect * whole[0] / whole[1] - 1) <= SAME_SHAPE:
        part = kitti_window(*whole)
        cut: np.ndarray = _resized(prediction, whole)[part]
        return cut
    raise _error(
        pair,
        f'the prediction is {prediction.shape[1]}x{prediction.shape[0]} and the picture '
        f'{size[1]}x{size[0]}, which is another view',
    )


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if values.shape == size:
        return values
    return cv2.resize(values, size[::-1], interpolation=cv2.INTER_LINEAR)


def _range(protocol: Protocol) -> str:
    if math.isinf(protocol.max_depth):
        return f'{protocol.min_depth:g} m and more'
    return f'{protocol.min_depth:g} to {protocol.max_depth:g} m'


def _error(pair: BenchmarkPair, reason: str) -> SampleError:
    return SampleError(f'{pair.key}: {reason}', reason)
