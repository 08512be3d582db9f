# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a set with the depth that a teacher gave them."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from depth_anything_ros.data.augmentation import resize
from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.sample import DataError, Sample, SampleError
from depth_anything_ros.media.label_shards import LabelError, LabelShards


def digest_of_keys(dataset: Dataset) -> str:
    """Return a digest of the keys of a set, in their order."""
    digest = hashlib.sha256()
    for key in dataset.keys:
        digest.update(f'{key}\n'.encode('utf-8', 'surrogateescape'))
    return digest.hexdigest()


class LabelledSet(Dataset):
    """A set's pictures that have labels in a folder; their own depth, if any, is not looked at.

    Depth is the inverse of the label, in a unit of its own for each picture, +inf where the label
    is 0. A picture that is larger than its label is brought to the label's size. Raises DataError
    where the labels are of other pictures, or not all there.
    """

    metric = False
    labelled = True

    def __init__(self, pictures: Dataset, folder: str | Path) -> None:
        try:
            self.labels = LabelShards(folder)
        except LabelError as error:
            raise DataError(str(error)) from error
        facts = self.labels.facts
        if facts.keys_sha256 != digest_of_keys(pictures):
            raise DataError(
                f'{folder} has labels of {facts.count} pictures of {facts.dataset}, which are not '
                f'the {len(pictures)} of {pictures.name} here: give the set that was labelled'
            )
        done = len(self.labels.entries) + len(self.labels.failed)
        if done < facts.count:
            raise DataError(
                f'{folder} has labels of {done} of {facts.count} pictures: run '
                '`depth-anything pseudo-label` again, which makes the others'
            )
        self.name, self._pictures = pictures.name, pictures
        there = [i for i, key in enumerate(pictures.keys) if key in self.labels.entries]
        self._indices = np.asarray(there, np.int64)
        self.keys = [pictures.keys[index] for index in there]

    def _read(self, index: int) -> Sample:
        key = self.keys[index]
        sample = dataclasses.replace(
            self._pictures[int(self._indices[index])], depth=None, metric=False
        )
        try:
            disparity = self.labels.read(key)
        except (LabelError, OSError) as error:
            raise SampleError(f'{key}: {error}') from error
        # The greatest disparity becomes a depth of 1, so that none is out of the loss's range.
        unit = max(self.labels.entries[key].high, 1e-6)
        with np.errstate(divide='ignore'):
            depth = np.where(disparity > 0, unit / disparity, np.inf).astype(np.float32)
        depth[np.isnan(disparity)] = np.nan
        return dataclasses.replace(resize(sample, *depth.shape), depth=depth)
