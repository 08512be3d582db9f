# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ETH3D, high-resolution multi-view training scenes: 454 pictures of 13 (Schoeps et al. 2017).

Depth belongs to the distorted pictures as they came from the camera, 6048 x 4032: float32 by rows,
metres, little-endian, without any header, infinite where unknown (eth3d.net, documentation). Its
files have the names of the pictures, '.JPG' included.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from depth_anything_ros.data.picture_file import bounded_bytes
from depth_anything_ros.data.sample import FormatError
from depth_anything_ros.evaluation.benchmark_files import FileBenchmark, Files


class Eth3d(FileBenchmark):
    """The pictures of the training scenes; no intrinsics, as the lens bends the pictures."""

    name = 'eth3d'
    forms = {
        'picture': r'(?P<scene>\w+)/images/dslr_images/(?P<name>\w+)\.(?:JPG|jpg)',
        'depth': r'(?P<scene>\w+)/ground_truth_depth/dslr_images/(?P<name>\w+)\.(?:JPG|jpg)',
    }

    def layout(self) -> tuple[str, str]:
        """Return the forms of the paths."""
        return (
            '<scene>/images/dslr_images/DSC_0001.JPG',
            '<scene>/ground_truth_depth/dslr_images/DSC_0001.JPG',
        )

    def key(self, fields: Mapping[str, str]) -> str | None:
        """Return the scene and the name of a picture."""
        return f'{fields["scene"]}/{fields["name"]}'

    def key_of_line(self, line: str) -> str | None:
        """Read a line that begins with '<...>/<scene>/images/dslr_images/DSC_0001.JPG'."""
        parts = line.split()[0].split('/')
        if len(parts) < 4 or parts[-3:-1] != ['images', 'dslr_images']:
            raise ValueError('use <scene>/images/dslr_images/<name>.JPG')
        return f'{parts[-4]}/{parts[-1].rpartition(".")[0]}'

    def depth_size(self, files: Files, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size of the picture, where the file has as many numbers."""
        _counted(files['depth'].stat().st_size, size)
        return size

    def depth(self, files: Files, size: tuple[int, int]) -> np.ndarray:
        """Return metres, infinite where unknown."""
        content = bounded_bytes(files['depth'])
        _counted(len(content), size)
        return np.frombuffer(content, '<f4').reshape(size)

    def scene(self, key: str) -> str:
        """Return the scene."""
        return key.partition('/')[0]


def _counted(found: int, size: tuple[int, int]) -> None:
    """Raise FormatError where so many bytes are not the depth of a picture of that size."""
    height, width = size
    if found != 4 * height * width:
        raise FormatError(
            f'has {found} bytes of depth, {4 * height * width} are those of the picture of '
            f'{width}x{height}: take the distorted pictures at full size (..._dslr_jpg)'
        )
