# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which of NYUv2's 1449 labelled pictures are its 654 test pictures, as its splits.mat has them."""

from __future__ import annotations

LABELLED = 1449

# Bit i, from the lowest, is picture i + 1.
_TEST = int(
    '1ff01e0f03fc1fe7f8001980f1c0fcf00060fe77ff0fc01ffe3c0073e0f8fff0f80fce67e3fff80c'
    '7fc701efeff8ffc000319806380700e0f07c001fe73c0070078e0700e00000000703f0e3fff00703'
    'e0f8007ffffffc000c03cf831fe0733e1f9f8c386183f001f187c03c07c07fffc70071c3ffdf8000'
    '0001ff3e000ff07e0003c001c3f80000ffcc0007ff01ce03f801fc1c08002000000380fc3fffff8f'
    'dc00700013df070000007f878007d8067fff813e103',
    16,
)


def nyu_test_numbers() -> list[int]:
    """Return the numbers of the test pictures, counted from 1."""
    return [number for number in range(1, LABELLED + 1) if _TEST >> (number - 1) & 1]
