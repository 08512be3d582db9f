# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a benchmark is opened by its name."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.data.sample import DataError, EmptyError, SampleError, printable
from depth_anything_ros.evaluation.benchmark_facts import BENCHMARKS, BenchmarkFacts
from depth_anything_ros.evaluation.benchmark_set import BenchmarkSet

__all__ = ['BENCHMARKS', 'BenchmarkFacts', 'open_benchmark', 'presence']

_LOOKED_AT = 5
"""Pairs by whose depth the unit is judged."""


def open_benchmark(
    name: str, path: str | Path, split: str | None = None, **options: Any
) -> BenchmarkSet:
    """Open a benchmark by its name, such as 'nyu', and the folder or file it lies in.

    Names, splits and options are in docs/data.md; ``list`` is the path of an official list of the
    split's files for those that have one. The folder is listed and the files' headers are looked
    at. Raises DataError for an unknown name, split or option, a list that does not fit and a
    folder that is not laid out as the benchmark or has depth in another unit; EmptyError where
    no pair is left; and MissingPackageError.
    """
    from depth_anything_ros.evaluation.benchmark_openers import OPENERS

    if name not in BENCHMARKS:
        raise DataError(f'no benchmark is called {name!r}: use one of {", ".join(BENCHMARKS)}')
    facts, opener = BENCHMARKS[name], OPENERS[name]
    split = facts.splits[0] if split is None else split
    if split not in facts.splits:
        raise DataError(f'{name} has no split {split!r}: use one of {", ".join(facts.splits)}')
    known = [key for key in inspect.signature(opener).parameters if key not in ('path', 'split')]
    for option in options:
        if option not in known:
            offered = f'it takes {", ".join(known)}' if known else 'it takes none'
            raise DataError(f'{name} has no option {option!r}: {offered}')
    if not Path(path).exists():
        raise DataError(f'{path} does not exist: give the folder in which {facts.title} lies')
    benchmark = opener(Path(path), split, **options)
    if not len(benchmark):
        known = [f'{printable(bad.name)} {bad.reason}' for bad in benchmark.problems[:3]]
        reasons = f', such as: {"; ".join(known)}' if known else ''
        raise EmptyError(f'{name}: no pair is left of {path}{reasons}', benchmark.problems)
    _check_unit(benchmark, path)
    return benchmark


def _check_unit(benchmark: BenchmarkSet, path: str | Path) -> None:
    """Raise DataError where the depth of some pairs is far from what the set measures."""
    medians = []
    for index in np.unique(np.linspace(0, len(benchmark) - 1, _LOOKED_AT).astype(int)):
        try:
            medians.append(float(np.nanmedian(benchmark.read(int(index)).depth)))
        except SampleError:  # told when it is its turn
            continue
    facts = BENCHMARKS[benchmark.name]
    low, high = facts.typical
    if medians and not low <= np.median(medians) <= high:
        raise DataError(
            f'{path}: the depth of some pairs is {np.median(medians):.3g} m in the middle, where '
            f'{facts.title} has {low:g} to {high:g} m: the files seem to be in another unit, so '
            'take them as they are published'
        )


def presence(benchmark: BenchmarkSet) -> str:
    """Return how many of the published pairs are there, for people, such as '12 of 652 pairs'."""
    count = BENCHMARKS[benchmark.name].count
    there = len(benchmark)
    if count is None:
        return f'{there} pairs'
    return f'{there} of {count} pairs' if there != count else f'all {count} pairs'
