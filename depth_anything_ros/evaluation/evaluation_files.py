# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an evaluation leaves in its folder: JSON, the page, pictures of the worst and of errors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from depth_anything_ros.data.sample import SampleError
from depth_anything_ros.evaluation.answers import Answers
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair, BenchmarkSet
from depth_anything_ros.evaluation.benchmark_summary import Evaluation
from depth_anything_ros.evaluation.error_pictures import ErrorPictures, error_pictures
from depth_anything_ros.evaluation.evaluation_page import evaluation_page
from depth_anything_ros.evaluation.pair_scoring import Compared, PairScore, compare, windowed
from depth_anything_ros.media.contact_sheet import contact_sheet
from depth_anything_ros.media.whole_file import write_whole

JSON, PAGE, SHEET, MAPS = 'evaluation.json', 'evaluation.html', 'worst.jpg', 'errors'

Shown = Sequence[tuple[PairScore, ErrorPictures]]


def worst_pictures(
    evaluation: Evaluation, benchmark: BenchmarkSet, answers: Answers, count: int
) -> Shown:
    """Ask once more for the depth of the worst pairs, and paint them.

    Raises SampleError where files have gone in the meantime.
    """
    where = {key: index for index, key in enumerate(benchmark.keys)}
    shown = []
    for worst in evaluation.worst(count):
        whole = benchmark.read(where[worst.key])
        pair = windowed(whole, evaluation.protocol)
        answer = answers.start([pair])()[0]
        if isinstance(answer, SampleError):
            raise answer
        height, width = whole.rgb.shape[:2]
        compared = compare(pair, (height, width), *answer, evaluation.protocol, benchmark.metric)
        shown.append((worst, error_pictures(pair, compared)))
    return shown


def write_evaluation(evaluation: Evaluation, folder: Path, shown: Shown) -> list[Path]:
    """Write evaluation.json, evaluation.html and, where there are pictures, worst.jpg.

    Returns their paths. Raises OSError.
    """
    content = json.dumps(evaluation.summary(), indent=1, allow_nan=False) + '\n'
    write_whole(folder / JSON, content.encode())
    write_whole(folder / PAGE, evaluation_page(evaluation, shown).encode())
    written = [folder / JSON, folder / PAGE]
    if shown:
        sheet = contact_sheet(
            [pictures.views() for _, pictures in shown],
            titles=ErrorPictures.TITLES,
            captions=[
                f'{pair.key}   AbsRel {pair.score.abs_rel:.3f}   delta1 {pair.score.delta1:.3f}'
                for pair, _ in shown
            ],
        )
        _write_jpeg(folder / SHEET, sheet)
        written.append(folder / SHEET)
    return written


class ErrorMaps:
    """Writes the four views of every pair as errors/KEY.jpg below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / MAPS

    def __call__(self, pair: BenchmarkPair, compared: Compared) -> None:
        """Write those of one pair. Raises OSError."""
        views = error_pictures(pair, compared).views()
        path = map_path(self._folder, pair.key)
        _write_jpeg(path, contact_sheet([views], titles=ErrorPictures.TITLES, thumbnail_width=640))


def map_path(folder: Path, key: str) -> Path:
    """Return where a pair's views go: below the folder, whatever the key says."""
    parts = PurePosixPath(key).parts
    if not parts or '..' in parts or key.startswith('/'):
        return folder / f'{hashlib.sha256(key.encode()).hexdigest()[:16]}.jpg'
    return folder / f'{key}.jpg'


def _write_jpeg(path: Path, rgb: np.ndarray) -> None:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, 88])
    write_whole(path, encoded.tobytes())
