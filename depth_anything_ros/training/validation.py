# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How good a network in training is, on whole pictures with true depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.data.augmentation import lower_bound_size, resize
from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.sample import Sample, SampleError
from depth_anything_ros.evaluation.metrics import Score, score_depth, score_relative
from depth_anything_ros.inference.preprocessing import normalise, postprocess
from depth_anything_ros.training.feed import Place, opened
from depth_anything_ros.training.plain_settings import SettingsError
from depth_anything_ros.training.settings import RunSettings

FEWEST_PIXELS = 10
"""A picture with fewer pixels of known depth says nothing (official metric trainer)."""

Predict = Callable[[Tensor], Tensor]


class Sums(NamedTuple):
    """Added up over pictures: AbsRel, delta1, and how many there were."""

    abs_rel: float
    delta1: float
    pictures: float


class Judge:
    """Scores a network on the sets of the settings; each process takes its share of pictures.

    A picture is resized to the shorter side of training, its depth is brought back to the size of
    what was measured, bilinearly, and scored there: relative depth after the best scale and shift.
    """

    def __init__(self, settings: RunSettings, place: Place) -> None:
        self._settings, self._place = settings, place
        self._max_depth = settings.max_depth
        self._pictures: list[tuple[Dataset, int]] = []
        for each in settings.validation.data:
            dataset = opened(each)
            if not dataset.labelled or (settings.max_depth is not None and not dataset.metric):
                raise SettingsError(
                    f'validation.data: {each.name} tells no depth in metres, so it cannot judge'
                )
            count = min(settings.validation.limit or len(dataset), len(dataset))
            spread = np.linspace(0, len(dataset) - 1, count).round().astype(int)
            self._pictures += [(dataset, int(index)) for index in spread]

    def __bool__(self) -> bool:
        return bool(self._pictures)

    def __call__(self, predict: Predict, device: torch.device) -> Sums:
        """Return the sums over this process's pictures.

        ``predict`` maps normalised (1, 3, H, W) to depth (1, H, W). All processes call it equally
        often, as sharded networks need it; a picture that comes twice counts once.
        """
        scores: list[Score] = []
        rounds = -(-len(self._pictures) // self._place.processes)
        for turn in range(rounds):
            number = turn * self._place.processes + self._place.process
            dataset, index = self._pictures[number % len(self._pictures)]
            try:
                score = self._score(dataset[index], predict, device)
            except SampleError:
                score = None
            if score is not None and number < len(self._pictures):
                scores.append(score)
        return Sums(
            sum(score.abs_rel for score in scores),
            sum(score.delta1 for score in scores),
            float(len(scores)),
        )

    def _score(self, sample: Sample, predict: Predict, device: torch.device) -> Score | None:
        validation = self._settings.validation
        depth = sample.depth
        assert depth is not None
        height, width = depth.shape
        size = lower_bound_size(height, width, self._settings.side)
        small = resize(sample, *size).rgb
        image = torch.from_numpy(np.ascontiguousarray(small)).permute(2, 0, 1)[None].to(device)
        seen = predict(normalise(image.float() / 255)).float()
        values = postprocess(seen, (height, width))[0].cpu().numpy()
        farthest = self._max_depth or validation.max_depth
        valid = np.isfinite(depth) & (depth >= validation.min_depth) & (depth <= farthest)
        if valid.sum() < FEWEST_PIXELS:
            return None
        if self._max_depth is None:
            return score_relative(values, depth, validation.min_depth, farthest)
        return score_depth(np.maximum(values, validation.min_depth), depth, valid)


def is_better(scores: Mapping[str, float], before: Mapping[str, float], by: str) -> bool:
    """Tell whether scores are the best so far; ``before`` is empty at first."""
    if not before:
        return True
    return scores[by] < before[by] if by == 'abs_rel' else scores[by] > before[by]
