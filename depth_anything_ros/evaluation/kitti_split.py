# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The 697 pictures of KITTI on which Eigen et al. (2014) test; 652 have improved ground truth."""

from __future__ import annotations

# Of each drive its first frame and how far on the next one is each time, '21x3' for 21 times 3.
_DRIVES = {
    '2011_09_26_drive_0002': '0 21x3 6 2x3',
    '2011_09_26_drive_0009': '0 11x16 20 12x16',
    '2011_09_26_drive_0013': '0 2x5 2x10 4x5 10 2x5 10 12x5',
    '2011_09_26_drive_0020': '0 7x3 2x6 3 6 12x3 6',
    '2011_09_26_drive_0023': '18 11x18 36 12x18',
    '2011_09_26_drive_0027': '0 14x7 14 5x7 14 3x7',
    '2011_09_26_drive_0029': '0 14x14 72 28 8x14',
    '2011_09_26_drive_0036': '0 22x32 64 32',
    '2011_09_26_drive_0046': '0 24x5',
    '2011_09_26_drive_0048': '0 21x1',
    '2011_09_26_drive_0052': '0 11x2 4 3x2 4 8x2',
    '2011_09_26_drive_0056': '11 10x11 22 13x11',
    '2011_09_26_drive_0059': '0 11x14 28 4x14 36 7x14',
    '2011_09_26_drive_0064': '0 5x22 44 18x22',
    '2011_09_26_drive_0084': '49 8x13 26 15x13',
    '2011_09_26_drive_0086': '7 19x27 54 4x27',
    '2011_09_26_drive_0093': '0 16x16 49 7x16',
    '2011_09_26_drive_0096': '0 24x19',
    '2011_09_26_drive_0101': '80 4x34 68 19x34',
    '2011_09_26_drive_0106': '15 20 23x8',
    '2011_09_26_drive_0117': '0 19x26 52 4x26',
    '2011_09_28_drive_0002': '0 4x3 6 2x3 6 3x3 6 6x3 9 6 4x3',
    '2011_09_29_drive_0071': '0 17x36 123 2x36 72 2x36 103',
    '2011_09_30_drive_0016': '0 8x11 22 15x11',
    '2011_09_30_drive_0018': '0 2x107 214 17x107 172 3x107',
    '2011_09_30_drive_0027': '0 16x41 97 5x41 82 41',
    '2011_10_03_drive_0027': '0 3x181 191 7x181 362 12x181',
    '2011_10_03_drive_0047': '0 7x32 64 16x32',
}


def eigen_frames() -> list[str]:
    """Return the pictures as '2011_09_26_drive_0002_sync/0000000069', by drive and frame."""
    return [
        f'{drive}_sync/{frame:010d}'
        for drive, steps in _DRIVES.items()
        for frame in _frames(steps.split())
    ]


def _frames(steps: list[str]) -> list[int]:
    frames = [int(steps[0])]
    for step in steps[1:]:
        times, _, gap = step.rpartition('x')
        for _ in range(int(times or 1)):
            frames.append(frames[-1] + int(gap))
    return frames
