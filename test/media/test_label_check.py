# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labels on disk are checked: what is missing, damaged or of other pictures is told by shard."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from depth_anything_ros.media.label_check import check_labels
from depth_anything_ros.media.label_shards import (
    Label,
    LabelError,
    LabelFacts,
    begin_labels,
    write_shard,
)

KEYS = [f'picture {number}' for number in range(7)]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three shards of up to three pictures, of which one could not be read."""
    facts = LabelFacts('made', len(KEYS), 'keys', 3, 'brightness', 'sha', 28)
    begin_labels(tmp_path, facts)
    rng = np.random.default_rng(0)
    for shard in range(facts.shards):
        keys = [KEYS[index] for index in facts.range_of(shard)]
        write_shard(
            tmp_path,
            shard,
            [
                Label(key, None, 'is cut off')
                if key == KEYS[4]
                else Label(key, rng.random((28, 42), np.float32))
                for key in keys
            ],
        )
    return tmp_path


def test_whole_labels_have_no_faults_and_every_picture_is_told(folder):
    told: dict[str, str | None] = {}

    assert check_labels(folder, KEYS, told.__setitem__) == {}

    assert list(told) == KEYS
    assert {key: reason for key, reason in told.items() if reason} == {KEYS[4]: 'is cut off'}


def test_what_is_missing_or_damaged_is_told_by_shard(folder):
    (folder / 'labels_000000.json').unlink()
    tar = folder / 'labels_000001.tar'
    tar.write_bytes(tar.read_bytes()[:700])

    faults = check_labels(folder, KEYS)

    assert list(faults) == [0, 1]
    assert faults[0] == 'is not there'
    assert KEYS[3] in faults[1] and 'labels_000001.tar' in faults[1]


def test_a_label_that_is_not_in_its_shard_is_told(folder):
    path = folder / 'labels_000002.json'
    index = json.loads(path.read_text())
    index['labels']['another'] = index['labels'].pop(KEYS[6])
    path.write_text(json.dumps(index))

    assert 'not of its 1 pictures alone' in check_labels(folder, KEYS)[2]


def test_labels_of_another_number_of_pictures_are_refused(folder):
    with pytest.raises(LabelError, match='has labels of 7 pictures, not of 6'):
        check_labels(folder, KEYS[:6])


def test_a_folder_without_labels_is_refused(tmp_path):
    with pytest.raises(LabelError):
        check_labels(tmp_path, KEYS)
