# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a set's depths and sizes are like, from some of its samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.sample import SampleError

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
_PIXELS = 4096


@dataclass(frozen=True)
class Statistics:
    """Of ``samples`` of ``total``; ``unreadable`` could not be read and are in nothing else.

    ``sizes`` counts pictures by 'WIDTHxHEIGHT'. ``sky`` and ``unknown`` are shares of all pixels,
    the mean over pictures. ``depth`` has percentiles of the other pixels by PERCENTILES, every
    picture with the same weight, in metres, or where the set is not metric in units of the
    picture's median; ``nearest`` and ``farthest`` are the ends of these. Sets without depth have
    none of it.
    """

    total: int
    samples: int
    unreadable: int
    metric: bool
    sizes: dict[str, int]
    sky: float | None = None
    unknown: float | None = None
    nearest: float | None = None
    farthest: float | None = None
    depth: dict[str, float] = field(default_factory=dict)


def statistics(
    dataset: Dataset, most: int, told: Callable[[object, str | None], None]
) -> Statistics:
    """Read up to ``most`` samples, evenly spread over the set, and describe them."""
    sizes: Counter[str] = Counter()
    sky, unknown, ends, pooled = [], [], [], []
    unreadable = 0
    rng = np.random.default_rng(0)
    chosen = np.unique(np.linspace(0, len(dataset) - 1, min(most, len(dataset))).astype(int))
    for index in chosen:
        key = dataset.keys[int(index)]
        try:
            sample = dataset[int(index)]
        except SampleError as error:
            unreadable += 1
            told(key, error.reason)
            continue
        height, width = sample.rgb.shape[:2]
        sizes[f'{width}x{height}'] += 1
        if sample.depth is not None:
            sky.append(float(np.isposinf(sample.depth).mean()))
            unknown.append(float(np.isnan(sample.depth).mean()))
            known = sample.depth[np.isfinite(sample.depth)]
            if known.size:
                known = known if sample.metric else known / np.median(known)
                ends.append((known.min(), known.max()))
                pooled.append(rng.choice(known, _PIXELS))
        told(key, None)
    depths: dict[str, float] = {}
    if pooled:
        values = np.percentile(np.concatenate(pooled), PERCENTILES)
        depths = {f'p{p}': float(v) for p, v in zip(PERCENTILES, values, strict=True)}
    return Statistics(
        total=len(dataset),
        samples=len(chosen) - unreadable,
        unreadable=unreadable,
        metric=dataset.metric,
        sizes=dict(sizes.most_common()),
        sky=float(np.mean(sky)) if sky else None,
        unknown=float(np.mean(unknown)) if unknown else None,
        nearest=float(min(low for low, _ in ends)) if ends else None,
        farthest=float(max(high for _, high in ends)) if ends else None,
        depth=depths,
    )
