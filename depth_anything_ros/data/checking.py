# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether every sample of a set can be read, and whether its depth is the picture's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np

from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.sample import Problem, Sample, SampleError

Told = Callable[[object, str | None], None]
"""Called with each key and what is wrong with its sample, or None."""

_ORIENTATION_SAMPLES = 64
_FEWEST = 6
_SIDE = 128


def readable(dataset: Dataset, threads: int, told: Told) -> list[Problem]:
    """Read every sample; return what is wrong, by key, in the order of the keys."""
    problems = []
    for key, reason in _ahead(dataset, threads):
        if reason is not None:
            problems.append(Problem(key, reason))
        told(key, reason)
    return problems


def _ahead(dataset: Dataset, threads: int) -> Iterator[tuple[str, str | None]]:
    """Yield all keys with what is wrong, some samples ahead in threads, none kept."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[tuple[str, Future[str | None]]] = deque()
        for index, key in enumerate(dataset.keys):
            waiting.append((key, pool.submit(fault, dataset, index)))
            if len(waiting) > 4 * threads:
                key, result = waiting.popleft()
                yield key, result.result()
        while waiting:
            key, result = waiting.popleft()
            yield key, result.result()


def fault(dataset: Dataset, index: int) -> str | None:
    """Return what is wrong with a sample, None for nothing."""
    try:
        sample = dataset[index]
    except SampleError as error:
        return error.reason
    if sample.depth is not None and not np.isfinite(sample.depth).any():
        return 'has no pixel of known depth'
    return None


def orientation(dataset: Dataset) -> Problem | None:
    """Tell by the edges of some samples whether depth is upside down for its picture.

    A file format may have its rows from below, and a copy of a set another one. Where depth jumps
    a picture mostly has an edge, so the right way shows in a few samples.
    """
    if not dataset.labelled:
        return None
    gains = []
    chosen = np.unique(np.linspace(0, len(dataset) - 1, _ORIENTATION_SAMPLES).astype(int))
    for index in chosen:
        try:
            fits = edge_fit(dataset[int(index)])
        except SampleError:
            continue
        if fits is not None:
            gains.append(fits[1] - fits[0])
    # Three standard errors, so that a set that fits either way is hardly ever called wrong.
    if len(gains) < _FEWEST or np.mean(gains) <= 3 * np.std(gains, ddof=1) / np.sqrt(len(gains)):
        return None
    count = sum(gain > 0 for gain in gains)
    return Problem(
        dataset.name,
        f'depth fits the picture better upside down in {count} of {len(gains)} samples',
    )


def edge_fit(sample: Sample) -> tuple[float, float] | None:
    """Return how well edges of depth and of the picture fall together: as it is, and turned over.

    Both are correlations; None where depth or the picture has no edges.
    """
    if sample.depth is None:
        return None
    gray = cv2.cvtColor(sample.rgb, cv2.COLOR_RGB2GRAY)
    near = np.zeros_like(sample.depth)
    known = np.isfinite(sample.depth)
    np.divide(np.median(sample.depth[known]) if known.any() else 1, sample.depth, near, where=known)
    ours, theirs = (_edges(image.astype(np.float32)) for image in (gray, np.minimum(near, 10)))
    if ours.std() == 0 or theirs.std() == 0:
        return None
    return _correlation(ours, theirs), _correlation(ours, theirs[::-1])


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def _edges(image: np.ndarray) -> np.ndarray:
    """Return how strong the edges of an image are, on a small square."""
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    strength = np.hypot(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1))
    return np.sqrt(cv2.GaussianBlur(strength, (0, 0), 1.5))
