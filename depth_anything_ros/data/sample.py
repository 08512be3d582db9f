# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A picture with or without depth, and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


class DataError(ValueError):
    """Data on disk that cannot be used; the message names what and says what to do."""


class SampleError(DataError):
    """One sample that cannot be read; the others can. ``reason`` is the message without its key."""

    def __init__(self, message: str, reason: str = '') -> None:
        super().__init__(message)
        self.reason = reason or message


class FormatError(DataError):
    """A file that is not what its name says; the message continues 'the file ...'."""


class MissingPackageError(DataError):
    """A package that a format needs is not installed."""


class EmptyError(DataError):
    """A set without a single sample that can be used; ``problems`` say why."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Sample:
    """A picture and the depth of its pixels.

    ``key`` names the sample within its set. ``rgb`` is (H, W, 3) uint8. ``depth`` is (H, W) float32
    along the optical axis, in metres where ``metric`` and else in a unit of its scene: +inf is sky,
    NaN is unknown, and all else is finite and above 0. It is None for pictures without depth.
    """

    key: str
    rgb: np.ndarray
    depth: np.ndarray | None
    metric: bool


@dataclass(frozen=True)
class Problem:
    """Something that keeps a sample out of its set: which sample or file, and why."""

    name: str
    reason: str


def printable(name: str) -> str:
    """Return a name from a disk or an archive as text for one line of a terminal or a log.

    What is not printable, such as line ends, escapes and bytes that are no UTF-8, is spelled out.
    """
    return ''.join(
        letter if letter.isprintable() else letter.encode('unicode_escape', 'replace').decode()
        for letter in name
    )
