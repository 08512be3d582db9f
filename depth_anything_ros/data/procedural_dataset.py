# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The procedural world as a set of so many pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np

from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.procedural import Pictures, ProceduralWorld
from depth_anything_ros.data.sample import DataError, Sample


class NumberedKeys(Sequence[str]):
    """Keys that are numbers behind a prefix; none is stored."""

    def __init__(self, prefix: str, count: int) -> None:
        self._prefix, self._length = prefix, count

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Return one key, or some."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(f'key {index} of {self._length}')
        return f'{self._prefix}{index % self._length:08d}'

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(self._length))


class ProceduralDataset(Dataset):
    """``length`` pictures of the procedural world, ``height`` x ``width`` pixels, depth in metres.

    Picture i depends on the seed, the size, ``rich`` and i alone; ``rich`` is the share of scenes
    with glass, mirrors, fog, night, foliage or hills. Raises DataError for a length or a size that
    is not above 0 and a share beyond 0 to 1.
    """

    name = 'procedural'
    metric = True
    labelled = True

    def __init__(
        self,
        length: int = 10_000,
        height: int = 384,
        width: int = 512,
        seed: int = 0,
        rich: float = 0.0,
    ) -> None:
        for what, value in (('length', length), ('height', height), ('width', width)):
            if not isinstance(value, int) or value < 1:
                raise DataError(f'procedural {what} is {value!r}: give a whole number above 0')
        if not isinstance(seed, int) or seed < 0:
            raise DataError(f'procedural seed is {seed!r}: give a whole number from 0')
        if not 0 <= rich <= 1:
            raise DataError(f'procedural rich is {rich!r}: give a share of scenes from 0 to 1')
        self.height, self.width, self.seed, self.rich = height, width, seed, rich
        self.keys = NumberedKeys(f'{seed}/', length)
        self._world: ProceduralWorld | None = None

    def pictures(self, index: int) -> Pictures:
        """Render a picture as tensors, with its focal length."""
        if self._world is None:
            self._world = ProceduralWorld(self.seed, rich=self.rich)
        self._world.reseed(int(np.random.default_rng((self.seed, index)).integers(2**62)))
        return self._world.sample(1, self.height, self.width)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, '_world': None}

    def _read(self, index: int) -> Sample:
        """Render a sample."""
        pictures = self.pictures(index)
        rgb = (pictures.rgb[0].permute(1, 2, 0) * 255).round().byte().numpy()
        return Sample(self.keys[index], rgb, pictures.depth[0].numpy(), self.metric)
