# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of every format with a few bytes changed or cut off: read, or refused with a reason."""

from __future__ import annotations

import tarfile
import tracemalloc
from functools import partial
from pathlib import Path

import made_sets
import numpy as np
import pytest

from depth_anything_ros.data import exr, hdf5, npy, pfm, picture_file
from depth_anything_ros.data.sample import FormatError, Problem
from depth_anything_ros.data.tar_set import members

ROUNDS = 150
MOST_MEMORY = 64 * 2**20


def tar_members(path: Path) -> None:
    problems: list[Problem] = []
    list(members(path, 'x.tar', problems))
    assert all(problem.reason for problem in problems)


def make(name: str, root: Path) -> tuple[Path, list]:
    """Write a small sound file; return it with the functions that look at such a file."""
    root.mkdir()
    values = made_sets.depth_map()
    if name == 'pfm':
        made_sets.pfm(root / 'x.pfm', values)
        return root / 'x.pfm', [pfm.pfm_size, pfm.read_pfm]
    if name == 'npy':
        made_sets.npy(root / 'x.npy', values)
        return root / 'x.npy', [npy.npy_size, npy.read_npy]
    if name == 'hdf5':
        pytest.importorskip('h5py')
        made_sets.hdf5(root / 'x.hdf5', values)
        size = partial(hdf5.hdf5_size, name='dataset')
        return root / 'x.hdf5', [size, partial(hdf5.read_hdf5, name='dataset')]
    if name == 'exr':
        pytest.importorskip('OpenEXR')
        made_sets.exr(root / 'x.exr', {'R': values, 'G': values, 'B': values})
        return root / 'x.exr', [exr.exr_size, exr.read_exr]
    if name == 'png':
        made_sets.png16(root / 'x.png', values * 100)
        return root / 'x.png', [picture_file.picture_size, picture_file.read_png16]
    made_sets.picture(root / 'x.jpg')
    if name == 'jpg':
        return root / 'x.jpg', [picture_file.picture_size, picture_file.read_picture]
    with tarfile.open(root / 'x.tar', 'w') as archive:
        for number in range(3):
            archive.add(root / 'x.jpg', f'{number}.jpg')
    return root / 'x.tar', [tar_members]


@pytest.mark.parametrize('name', ['pfm', 'npy', 'hdf5', 'exr', 'png', 'jpg', 'tar'])
def test_damage_is_refused_with_a_reason_and_takes_no_memory(tmp_path, name):
    path, looks = make(name, tmp_path / 'set')
    for look in looks:
        look(path)
    sound, rng = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    tracemalloc.start()
    for _ in range(ROUNDS):
        content = bytearray(sound)
        head = min(len(content), int(rng.choice([64, 512, len(content)])))
        for _ in range(int(rng.integers(1, 5))):
            content[int(rng.integers(head))] = int(rng.choice([0, 255, int(rng.integers(256))]))
        if rng.random() < 0.25:
            content = content[: int(rng.integers(len(content)))]
        path.write_bytes(content)
        for look in looks:
            try:
                look(path)
            except (FormatError, OSError) as error:
                assert str(error)
                refused += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_MEMORY
    assert refused > ROUNDS // 5 or name == 'tar'
