# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What others say about relative and metric depth on the benchmarks, and what could be repeated."""

from __future__ import annotations

from dataclasses import dataclass

PAPER = 'Depth Anything V2 (arXiv 2406.09414), table 2'
METRIC_PAPER = 'Depth Anything V2 (arXiv 2406.09414), table 4, fine-tuned on the set'
OUTSIDERS = 'outsiders with the official weights (plumbline)'
MOGE = 'MoGe (arXiv 2410.19115), its bundle of pictures, fit in disparity'
MARIGOLD = 'Marigold (arXiv 2312.02145), 10 runs together, fit in depth'


@dataclass(frozen=True)
class PublishedScore:
    """A row of somebody else: errors by the names of ``Score``, and who says so.

    ``protocol`` is the one of ours that comes nearest, '' where none does: rows of different ones
    cannot be compared. ``metric`` rows are without alignment. ``reproduced`` is what outsiders
    found of the row, '' where nobody is known to have tried.
    """

    dataset: str
    method: str
    scores: dict[str, float]
    source: str
    protocol: str = 'paper'
    metric: bool = False
    reproduced: str = ''


_TABLE_2 = {
    'kitti': {
        'MiDaS v3.1 L': (0.127, 0.850), 'V1 Small': (0.080, 0.936), 'V1 Base': (0.080, 0.939),
        'V1 Large': (0.076, 0.947), 'V2 Small': (0.078, 0.936), 'V2 Base': (0.078, 0.939),
        'V2 Large': (0.074, 0.946), 'V2 Giant': (0.075, 0.948),
    },
    'nyu': {
        'MiDaS v3.1 L': (0.048, 0.980), 'V1 Small': (0.053, 0.972), 'V1 Base': (0.046, 0.979),
        'V1 Large': (0.043, 0.981), 'V2 Small': (0.053, 0.973), 'V2 Base': (0.049, 0.976),
        'V2 Large': (0.045, 0.979), 'V2 Giant': (0.044, 0.979),
    },
    'sintel': {
        'MiDaS v3.1 L': (0.587, 0.699), 'V1 Small': (0.464, 0.739), 'V1 Base': (0.432, 0.756),
        'V1 Large': (0.458, 0.760), 'V2 Small': (0.500, 0.718), 'V2 Base': (0.495, 0.734),
        'V2 Large': (0.487, 0.752), 'V2 Giant': (0.506, 0.772),
    },
    'eth3d': {
        'MiDaS v3.1 L': (0.139, 0.867), 'V1 Small': (0.127, 0.885), 'V1 Base': (0.126, 0.884),
        'V1 Large': (0.127, 0.882), 'V2 Small': (0.142, 0.851), 'V2 Base': (0.137, 0.858),
        'V2 Large': (0.131, 0.865), 'V2 Giant': (0.132, 0.862),
    },
    'diode': {
        'MiDaS v3.1 L': (0.075, 0.942), 'V1 Small': (0.076, 0.939), 'V1 Base': (0.069, 0.946),
        'V1 Large': (0.066, 0.952), 'V2 Small': (0.073, 0.942), 'V2 Base': (0.068, 0.950),
        'V2 Large': (0.066, 0.952), 'V2 Giant': (0.065, 0.954),
    },
}  # fmt: skip

_REPRODUCED = {
    'kitti': 'reproduced by outsiders',
    'nyu': 'reproduced within 7 %, which read better',
    'sintel': 'NOT reproduced: Large reads 0.232, as depth and not disparity is compared',
    'eth3d': 'NOT reproduced: 0.09 to 0.10',
    'diode': 'NOT reproduced: 0.21 to 0.22, and about 0.07 indoors alone',
}

_OUTSIDERS = {
    'nyu': {'V2 Small': 0.0510, 'V2 Base': 0.0456, 'V2 Large': 0.0428},
    'kitti': {'V2 Small': 0.0770, 'V2 Base': 0.0756, 'V2 Large': 0.0710},
    'diode': {'V2 Small': 0.2196, 'V2 Base': 0.2182, 'V2 Large': 0.2142},
    'eth3d': {'V2 Small': 0.1012, 'V2 Base': 0.0936, 'V2 Large': 0.0888},
    'sintel': {'V2 Large': 0.2321},
}

_MOGE = {'nyu': 0.0420, 'kitti': 0.0561, 'eth3d': 0.0473, 'sintel': 0.214, 'diode': 0.053}
_MOGE_DELTA = {'sintel': 0.728, 'eth3d': 0.980}
_MARIGOLD = {'nyu': 0.055, 'kitti': 0.099, 'eth3d': 0.065, 'diode': 0.308}

_METRIC_NAMES = ('delta1', 'delta2', 'delta3', 'abs_rel', 'rmse')
_TABLE_4 = {
    ('nyu', 'log10'): {
        'V2 Small': (0.961, 0.996, 0.999, 0.073, 0.261, 0.032),
        'V2 Base': (0.977, 0.997, 1.000, 0.063, 0.228, 0.027),
        'V2 Large': (0.984, 0.998, 1.000, 0.056, 0.206, 0.024),
        'ZoeDepth': (0.951, 0.994, 0.999, 0.077, 0.282, 0.033),
    },
    ('kitti', 'rmse_log'): {
        'V2 Small': (0.973, 0.997, 0.999, 0.053, 2.235, 0.081),
        'V2 Base': (0.979, 0.998, 1.000, 0.048, 1.999, 0.072),
        'V2 Large': (0.983, 0.998, 1.000, 0.045, 1.861, 0.067),
        'ZoeDepth': (0.971, 0.996, 0.999, 0.054, 2.281, 0.082),
    },
}


def _rows() -> list[PublishedScore]:
    rows = []
    for dataset, methods in _TABLE_2.items():
        for method, (abs_rel, delta1) in methods.items():
            told = _REPRODUCED[dataset] if method in ('V2 Small', 'V2 Base', 'V2 Large') else ''
            scores = {'abs_rel': abs_rel, 'delta1': delta1}
            rows.append(PublishedScore(dataset, method, scores, PAPER, reproduced=told))
    for dataset, found in _OUTSIDERS.items():
        rows += [
            PublishedScore(dataset, method, {'abs_rel': abs_rel}, OUTSIDERS)
            for method, abs_rel in found.items()
        ]
    for dataset, abs_rel in _MOGE.items():
        scores = {'abs_rel': abs_rel}
        if dataset in _MOGE_DELTA:
            scores['delta1'] = _MOGE_DELTA[dataset]
        rows.append(PublishedScore(dataset, 'V2 Large', scores, MOGE, 'moge'))
    for dataset, abs_rel in _MARIGOLD.items():
        scores = {'abs_rel': abs_rel}
        rows.append(PublishedScore(dataset, 'Marigold v1.0', scores, MARIGOLD, 'marigold'))
    for (dataset, last), methods_4 in _TABLE_4.items():
        for method, values in methods_4.items():
            scores = dict(zip((*_METRIC_NAMES, last), values, strict=True))
            rows.append(PublishedScore(dataset, method, scores, METRIC_PAPER, '', True))
    return rows


PUBLISHED = tuple(_rows())
"""All rows, by benchmark; the paper's first."""


def published_for(dataset: str, metric: bool) -> list[PublishedScore]:
    """Return the rows of a benchmark, those of metric depth without alignment or the others."""
    return [row for row in PUBLISHED if row.dataset == dataset and row.metric is metric]
