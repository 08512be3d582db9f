# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the path to write to; what is there takes the name ``path`` at the end.

    Whatever goes wrong before, the name keeps what it had. The folder is made where it is missing.
    The path to write to is hidden, in the same folder, and has the suffix of ``path``, by which
    some libraries tell formats. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f'.{path.stem}.part{path.suffix}')
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file that appears when it is complete. Raises OSError."""
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content)
