# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the labels of a folder are all there, each in its shard, and can be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from depth_anything_ros.media.label_shards import (
    LabelError,
    is_there,
    read_facts,
    read_index,
    read_label,
)


def check_labels(
    folder: Path,
    keys: Sequence[str],
    told: Callable[[str, str | None], None] = lambda key, reason: None,
) -> dict[int, str]:
    """Read every label of the pictures of these keys; return by shard what is wrong with it.

    ``told`` hears of each picture of the shards that are sound so far. Raises LabelError where the
    folder has no labels, or those of another number of pictures.
    """
    facts = read_facts(folder)
    if facts.count != len(keys):
        raise LabelError(f'{folder} has labels of {facts.count} pictures, not of {len(keys)}')
    faults: dict[int, str] = {}
    for shard in range(facts.shards):
        try:
            if not is_there(folder, shard):
                raise LabelError('is not there')
            _check_shard(folder, shard, [keys[index] for index in facts.range_of(shard)], told)
        except (LabelError, OSError) as error:
            faults[shard] = str(error)
    return faults


def _check_shard(
    folder: Path, shard: int, keys: list[str], told: Callable[[str, str | None], None]
) -> None:
    entries, failed = read_index(folder, shard)
    if len(entries) + len(failed) != len(keys) or {*entries, *failed} != set(keys):
        raise LabelError(
            f'has {len(entries)} labels and {len(failed)} failures, and not of its {len(keys)} '
            'pictures alone'
        )
    for key in keys:
        if key in entries:
            read_label(folder, key, entries[key])
        told(key, failed.get(key))
