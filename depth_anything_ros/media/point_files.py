# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Coloured points as PLY and PCD, which viewers and PCL read."""

from __future__ import annotations

import numpy as np

PLY_POINT = np.dtype(
    [('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('red', 'u1'), ('green', 'u1'), ('blue', 'u1')]
)
_PLY_NAMES = {'f4': 'float', 'u1': 'uchar'}


def ply(points: np.ndarray, colours: np.ndarray) -> bytes:
    """Return points (N, 3) float32, metres, with RGB (N, 3) uint8 as a binary PLY 1.0 file."""
    table = np.empty(len(points), PLY_POINT)
    for axis, name in enumerate(('x', 'y', 'z')):
        table[name] = points[:, axis]
    for channel, name in enumerate(('red', 'green', 'blue')):
        table[name] = colours[:, channel]
    properties = ''.join(
        f'property {_PLY_NAMES[PLY_POINT[name].str[1:]]} {name}\n' for name in PLY_POINT.names or ()
    )
    head = (
        'ply\nformat binary_little_endian 1.0\n'
        'comment optical frame: x right, y down, z forward, metres\n'
        f'element vertex {len(points)}\n{properties}end_header\n'
    )
    return head.encode() + table.tobytes()


def pcd(points: np.ndarray, colours: np.ndarray) -> bytes:
    """Return points (H, W, 3) float32, metres, with RGB (H, W, 3) uint8 as an organised PCD 0.7.

    Unknown points are NaN. Colours are 0x00RRGGBB in the bits of a float, as PCL has them.
    """
    height, width = points.shape[:2]
    table = np.empty((height, width, 4), '<f4')
    table[..., :3] = points
    red, green, blue = (colours[..., channel].astype('<u4') for channel in range(3))
    table.view('<u4')[..., 3] = red << 16 | green << 8 | blue
    head = (
        '# .PCD v0.7 - optical frame: x right, y down, z forward, metres\nVERSION 0.7\n'
        'FIELDS x y z rgb\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 1\n'
        f'WIDTH {width}\nHEIGHT {height}\nVIEWPOINT 0 0 0 1 0 0 0\n'
        f'POINTS {height * width}\nDATA binary\n'
    )
    return head.encode() + table.tobytes()
