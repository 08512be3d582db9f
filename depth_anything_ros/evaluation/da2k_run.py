# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Score depth on DA-2K, mark what is wrong, and set it beside what is published."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depth_anything_ros.data.sample import Problem, SampleError
from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.evaluation.da2k import SCENES, AnnotatedPicture, Da2k, scene_of
from depth_anything_ros.evaluation.da2k_published import PUBLISHED
from depth_anything_ros.evaluation.point_pairs import OrderingScore, PointPair, agreeing
from depth_anything_ros.media.whole_file import write_whole

Answer = Callable[[AnnotatedPicture], Depth]
"""What gives depth for a picture: an estimator, or stored predictions. May raise SampleError."""

_DRAWS = 2000
_MARKED = 1024
"""Longer side in pixels of the pictures with marks."""


@dataclass(frozen=True)
class Da2kOutcome:
    """The score, the wrong pairs by picture, and what could not be scored.

    ``interval`` is where the mean lies with 95 %, by drawing pictures anew (bootstrap): pairs of
    one picture are right or wrong together. None where no pair was scored.
    """

    score: OrderingScore
    interval: tuple[float, float] | None
    wrong: Mapping[str, tuple[PointPair, ...]]
    problems: tuple[Problem, ...]


def score_da2k(
    pictures: Da2k, answer: Answer, told: Callable[[int], object] | None = None
) -> Da2kOutcome:
    """Ask for depth of every picture and count the pairs that are right; ties are wrong.

    One picture after the other; ``da2k_benchmark.Da2kRun`` asks for several together. A picture
    that cannot be read or has no depth is a problem, and counts neither as right nor as wrong.
    ``told`` is called with the number of pictures done.
    """
    right: dict[str, np.ndarray] = {}
    problems = list(pictures.problems)
    for index, key in enumerate(pictures.keys):
        try:
            picture = pictures.read(index)
            depth = answer(picture)
        except SampleError as error:
            problems.append(Problem(key, error.reason))
        else:
            right[key] = right_pairs(picture, depth.values, depth.kind)
        if told is not None:
            told(index + 1)
    return outcome_of(pictures, right, problems)


def right_pairs(picture: AnnotatedPicture, values: np.ndarray, kind: DepthKind) -> np.ndarray:
    """Return for each pair of a picture whether depth (h, w) has the nearer point nearer.

    Depth of another size is brought to the picture's first (bilinear).
    """
    height, width = picture.rgb.shape[:2]
    if values.shape != (height, width):
        values = cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)
    return agreeing(values, kind, picture.pairs)


def outcome_of(
    pictures: Da2k, right: Mapping[str, np.ndarray], problems: Sequence[Problem]
) -> Da2kOutcome:
    """Sum up which pairs (N,) bool are right, by picture in the order of the set."""
    score = OrderingScore.of((scene_of(key), found) for key, found in right.items())
    missed = {
        key: tuple(pair for pair, fits in zip(pictures.pairs(key), found, strict=True) if not fits)
        for key, found in right.items()
    }
    wrong = {key: pairs for key, pairs in missed.items() if pairs}
    return Da2kOutcome(score, _interval(list(right.values())), wrong, tuple(problems))


def _interval(outcomes: list[np.ndarray]) -> tuple[float, float] | None:
    """Return the middle 95 % of the share of right pairs when pictures are drawn anew."""
    counts = np.array([(right.sum(), right.size) for right in outcomes], np.float64)
    if not len(counts):
        return None
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(_DRAWS):
        right, pairs = counts[rng.integers(len(counts), size=len(counts))].sum(0)
        shares.append(right / pairs)
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(low), float(high)


def mark(picture: AnnotatedPicture, pairs: tuple[PointPair, ...]) -> np.ndarray:
    """Return RGB with pairs drawn: a green disc on the nearer point, a red ring on the farther.

    The longer side is at most 1024 pixels.
    """
    height, width = picture.rgb.shape[:2]
    ratio = min(1.0, _MARKED / max(height, width))
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    image = cv2.resize(picture.rgb, size, interpolation=cv2.INTER_AREA)
    radius = max(5, round(max(size) / 120))
    for pair in pairs:
        near, far = (
            (int((column + 0.5) * ratio), int((row + 0.5) * ratio))
            for row, column in (pair.near, pair.far)
        )
        cv2.line(image, near, far, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.line(image, near, far, (255, 255, 255), 1, cv2.LINE_AA)
        cv2.circle(image, near, radius + 1, (0, 0, 0), -1, cv2.LINE_AA)
        cv2.circle(image, near, radius, (0, 220, 0), -1, cv2.LINE_AA)
        cv2.circle(image, far, radius + 2, (0, 0, 0), 4, cv2.LINE_AA)
        cv2.circle(image, far, radius + 2, (255, 40, 40), 2, cv2.LINE_AA)
    return image


def table(outcome: Da2kOutcome, method: str) -> str:
    """Return a Markdown table in percent: the method first, then what others publish."""
    scenes = [*SCENES, *(scene for scene in outcome.score.scenes if scene not in SCENES)]
    lines = [
        f'| method | mean | {" | ".join(scenes)} | source |',
        f'|---|{"---:|" * (len(scenes) + 1)}---|',
    ]
    ours = {scene: 100 * tally.accuracy for scene, tally in outcome.score.scenes.items()}
    mean = outcome.score.mean
    source = f'measured here, {mean.pairs} pairs'
    if outcome.interval is not None:
        low, high = (100 * end for end in outcome.interval)
        source += f', mean with 95 % from {low:.1f} to {high:.1f}'
    lines.append(_line(method, 100 * mean.accuracy, ours, scenes, source))
    lines += [_line(row.method, row.mean, row.scenes, scenes, row.source) for row in PUBLISHED]
    released = sum(SCENES.values())
    if mean.pairs != released:
        lines += ['', f'The released file has {released} pairs: rows of others are of all of them.']
    return '\n'.join(lines) + '\n'


def _line(
    method: str, mean: float, percent: Mapping[str, float], scenes: list[str], source: str
) -> str:
    cells = [f'{percent[scene]:.1f}' if scene in percent else '' for scene in scenes]
    return f'| {method} | {mean:.1f} | {" | ".join(cells)} | {source} |'


def summary(outcome: Da2kOutcome, method: str) -> dict[str, Any]:
    """Return what JSON holds: scores, wrong pairs as DA-2K writes them, problems, others' rows."""
    return {
        'benchmark': 'da-2k',
        'method': method,
        'published_pairs': sum(SCENES.values()),
        'scores': outcome.score.summary(),
        'mean_interval_95': outcome.interval and [round(end, 5) for end in outcome.interval],
        'wrong': {
            key: [{'point1': pair.near, 'point2': pair.far} for pair in pairs]
            for key, pairs in outcome.wrong.items()
        },
        'problems': [asdict(problem) for problem in outcome.problems],
        'published': [asdict(row) for row in PUBLISHED],
    }


def write_outcome(
    outcome: Da2kOutcome, pictures: Da2k, method: str, output: Path, most: int = 200
) -> None:
    """Write da-2k.json, da-2k.md and up to ``most`` pictures with their wrong pairs marked.

    Marked pictures of an earlier run, whose pairs may be right now, go. Raises OSError.
    """
    output.mkdir(parents=True, exist_ok=True)
    content = json.dumps(summary(outcome, method), indent=1, allow_nan=False) + '\n'
    write_whole(output / 'da-2k.json', content.encode())
    write_whole(output / 'da-2k.md', table(outcome, method).encode())
    where = {key: index for index, key in enumerate(pictures.keys)}
    for key in where:
        _marked_path(output, key).unlink(missing_ok=True)
    for key, pairs in list(outcome.wrong.items())[:most]:
        marked = mark(pictures.read(where[key]), pairs)
        path = _marked_path(output, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        _, encoded = cv2.imencode('.jpg', cv2.cvtColor(marked, cv2.COLOR_RGB2BGR))
        write_whole(path, encoded.tobytes())


def _marked_path(output: Path, key: str) -> Path:
    return output / 'wrong' / (key.rpartition('.')[0].removeprefix('images/') + '.jpg')
