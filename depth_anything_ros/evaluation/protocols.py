# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ways in which papers compare a prediction with measured depth, by name.

============ ============== ========== ============================================== ============
protocol     fit            clamp      KITTI, NYU                                     source
============ ============== ========== ============================================== ============
``paper``    in disparity   midas      Garg crop, Eigen crop                          see below
``moge``     in disparity   moge       whole pictures                                 MoGe
``marigold`` in disparity   marigold,  benchmark window then Eigen crop, Eigen crop   Marigold
             (of depth, in  then clip
             depth)
============ ============== ========== ============================================== ============

``paper`` is what outsiders reproduce the KITTI and NYU rows of Depth Anything V2 with (Yang et al.
2024, arXiv 2406.09414, table 2), which does not state its crops; an author says that the relative
scores of V1 were taken in disparity (its issue 174), which delta does not feel and AbsRel does.
``moge`` is the fit of Wang et al. 2024 (arXiv 2410.19115) on the set itself, not on the bundle of
resampled pictures that they publish. ``marigold`` is Ke et al. 2024 (arXiv 2312.02145): ETH3D is
fitted on no more than 1024 pixels a side, and depth is clipped to the set's range. Metric depth is
scored as it is, clipped to the range, where no fit is asked for.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.alignment import (
    CLAMPS,
    affine_depth,
    depth_from_disparity,
    median_scale,
)
from depth_anything_ros.evaluation.benchmark_facts import BENCHMARKS
from depth_anything_ros.evaluation.crops import CROPS, nearest_mask
from depth_anything_ros.evaluation.real_pairs import INDOOR_MAX_DEPTH

ALIGNMENTS = ('disparity', 'depth', 'median', 'none')
PROTOCOLS = ('paper', 'moge', 'marigold')
INDOORS = ('nyu', 'kinect', 'tum')
"""Scenes of the real pairs that end at 10 m; the others do at 80 m."""


class ProtocolError(ValueError):
    """A prediction cannot be compared in this way; the message says why and what to do."""


@dataclass(frozen=True)
class Protocol:
    """How a prediction is compared.

    ``alignment`` is one of ALIGNMENTS and ``clamp`` one of CLAMPS, for the fit in disparity.
    Measured depths from ``min_depth`` to ``max_depth`` count, inside of ``crop``, one of CROPS or
    None; with ``window`` pictures are first cut to KITTI's 1216 x 352. ``clip`` brings aligned
    depth into the range. A fit looks at no more than ``fit_side`` pixels of the longer side, None
    for all. Scenes of ``scene_depths`` have a farthest depth of their own.
    """

    name: str
    alignment: str
    clamp: str
    min_depth: float
    max_depth: float
    crop: str | None = None
    window: bool = False
    clip: bool = False
    fit_side: int | None = None
    scene_depths: tuple[tuple[str, float], ...] = ()

    def of_scene(self, scene: str) -> Protocol:
        """Return the protocol with the farthest depth of a scene."""
        return replace(self, max_depth=dict(self.scene_depths).get(scene, self.max_depth))

    def facts(self) -> dict[str, Any]:
        """Return all of it for JSON; an endless range ends with None."""
        endless = {'max_depth': None} if math.isinf(self.max_depth) else {}
        return {**asdict(self), **endless}

    def valid(self, depth: np.ndarray) -> np.ndarray:
        """Return which pixels of measured depth (H, W) count."""
        with np.errstate(invalid='ignore'):
            valid = np.isfinite(depth) & (depth >= self.min_depth) & (depth <= self.max_depth)
        if self.crop is not None:
            rows, columns = CROPS[self.crop](depth.shape[0], depth.shape[1])
            inside = np.zeros(depth.shape, bool)
            inside[rows, columns] = True
            valid &= inside
        return valid

    def aligned(
        self, prediction: np.ndarray, kind: DepthKind, depth: np.ndarray, valid: np.ndarray
    ) -> np.ndarray:
        """Return a prediction (H, W) as depth (H, W) float64 in the unit of the measured depth.

        Raises ProtocolError for a kind of prediction that the alignment cannot take, and
        AlignmentError where there is nothing to fit.
        """
        fitted = None if self.fit_side is None else nearest_mask(depth.shape, self.fit_side)
        if self.alignment == 'disparity':
            if kind is DepthKind.METRIC:
                with np.errstate(divide='ignore'):
                    prediction = 1 / prediction.astype(np.float64)
            found = depth_from_disparity(
                prediction, depth, valid, self.max_depth, self.clamp, fitted
            )
        else:
            if kind is DepthKind.RELATIVE:
                raise ProtocolError(
                    f'alignment {self.alignment!r} takes depth, and this is disparity, which has a '
                    "shift of its own: use 'disparity'"
                )
            if self.alignment == 'depth':
                found = affine_depth(prediction, depth, valid, fitted)
            elif self.alignment == 'median':
                found = median_scale(prediction, depth, valid)
            else:
                found = prediction.astype(np.float64)
        return np.clip(found, self.min_depth, self.max_depth) if self.clip else found


def protocol_for(
    name: str,
    dataset: str,
    alignment: str | None = None,
    clamp: str | None = None,
    crop: str | None = None,
) -> Protocol:
    """Return a protocol for a benchmark; what is given beside the name replaces its own choice.

    ``crop`` is one of CROPS that papers use on the benchmark, or 'none'. Fits other than that in
    disparity clip depth to the range, as it could else be below 0. Raises ProtocolError.
    """
    if name not in PROTOCOLS:
        raise ProtocolError(f'no protocol is called {name!r}: use one of {", ".join(PROTOCOLS)}')
    facts = BENCHMARKS[dataset]
    found = Protocol(name, 'disparity', 'midas', facts.min_depth, facts.max_depth)
    if dataset == 'pairs':
        found = replace(found, scene_depths=tuple((scene, INDOOR_MAX_DEPTH) for scene in INDOORS))
    if name == 'paper':
        found = replace(found, crop=_own_crop(dataset, facts.crops[0] if facts.crops else None))
    elif name == 'moge':
        found = replace(found, clamp='moge')
    else:
        found = replace(
            found,
            clamp='marigold',
            clip=True,
            window=dataset == 'kitti',
            crop=_own_crop(dataset, 'eigen' if 'eigen' in facts.crops else None),
            fit_side=1024 if dataset == 'eth3d' else None,
        )
    if alignment is not None:
        found = replace(found, alignment=_one_of('alignment', alignment, ALIGNMENTS))
    if found.alignment != 'disparity':
        if clamp is not None:
            raise ProtocolError(f'a clamp is for the fit in disparity, not for {alignment!r}')
        found = replace(found, clamp='none', clip=True)
    if clamp is not None:
        found = replace(found, clamp=_one_of('clamp', clamp, CLAMPS))
    if crop is not None:
        offered = [name for name in facts.crops if f'{dataset}-{name}' in CROPS]
        chosen = _one_of('crop', crop, ('none', *offered))
        found = replace(found, crop=_own_crop(dataset, None if chosen == 'none' else chosen))
    return found


def _own_crop(dataset: str, crop: str | None) -> str | None:
    return None if crop is None else f'{dataset}-{crop}'


def _one_of(what: str, name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        raise ProtocolError(f'no {what} is called {name!r}: use one of {", ".join(names)}')
    return name
