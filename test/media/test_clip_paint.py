# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/clip_paint.py."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from av.video.reformatter import Colorspace

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.clip_items import DepthFrame
from depth_anything_ros.media.clip_paint import ClipPainter, enlarged
from depth_anything_ros.media.color import COLOR_MAPS, color_table


def depth_of(index, unknown=None, planes=None):
    return DepthFrame(0, 1, DepthKind.RELATIVE, None, index, unknown, planes)


def rgb_of(frame):
    return frame.to_ndarray(format='rgb24', src_colorspace=Colorspace.ITU709).astype(int)


@pytest.mark.parametrize('colormap', COLOR_MAPS)
def test_colours_are_those_of_the_map(colormap):
    index = np.repeat(np.repeat(np.arange(256, dtype=np.uint8), 2)[None], 8, 0)

    painted = rgb_of(ClipPainter(512, 8, colormap)(depth_of(index)))

    wanted = color_table(colormap)[index].astype(int)
    assert np.abs(painted - wanted).max() <= 8
    assert np.abs(painted - wanted).mean() < 2


def test_the_picture_is_on_the_left_unchanged():
    rng = np.random.default_rng(0)
    planes = tuple(rng.integers(16, 235, s, np.uint8) for s in ((6, 8), (3, 4), (3, 4)))
    index = np.full((6, 8), 255, np.uint8)

    frame = ClipPainter(8, 6, 'gray', beside=True)(depth_of(index, None, planes))

    assert (frame.width, frame.height) == (16, 6)
    buffer = frame.to_ndarray()
    assert (buffer[:6, :8] == planes[0]).all() and (buffer[:6, 8:] == 235).all()
    chroma = buffer[6:].reshape(2, 3, 8)
    assert (chroma[0, :, :4] == planes[1]).all() and (chroma[1, :, :4] == planes[2]).all()
    assert (chroma[:, :, 4:] == 128).all()


@pytest.mark.parametrize(('width', 'height'), [(1, 1), (7, 5), (8, 5), (7, 6)])
def test_odd_sizes_get_a_copy_of_the_last_row_and_column(width, height):
    rng = np.random.default_rng(0)
    half = (height + 1) // 2, (width + 1) // 2
    planes = tuple(rng.integers(16, 235, s, np.uint8) for s in ((height, width), half, half))
    index = rng.integers(0, 255, (height, width), np.uint8)

    frame = ClipPainter(width, height, 'gray', beside=True)(depth_of(index, None, planes))

    even = width + width % 2
    y = frame.to_ndarray()[: height + height % 2]
    assert frame.width == 2 * even and frame.height == height + height % 2
    assert (y[:height, :width] == planes[0]).all()
    assert (y[:, width:even] == y[:, width - 1 : width]).all()
    assert (y[height:] == y[height - 1]).all()
    assert (y[:, -1] == y[:, even + width - 1]).all()


def test_unknown_is_black():
    unknown = np.zeros((8, 8), bool)
    unknown[:4] = True

    painted = rgb_of(
        ClipPainter(16, 16, 'spectral')(depth_of(np.full((8, 8), 255, np.uint8), unknown))
    )

    assert painted[:8].max() <= 1
    assert np.abs(painted[8:] - color_table('spectral')[255]).max() < 8


def test_the_network_s_size_is_enlarged_as_the_network_does():
    rows, columns = np.mgrid[:7, :9]
    small = (20 * rows + 10 * columns).astype(np.uint8)
    wanted = F.interpolate(
        torch.from_numpy(small)[None, None].float(), (40, 50), mode='bilinear', align_corners=True
    )

    made = enlarged(small, (50, 40))

    assert np.abs(made - wanted[0, 0].numpy()).max() < 3
    assert enlarged(small, (9, 7)) is small
    assert enlarged(np.full((1, 1), 9, np.uint8), (5, 3)).tolist() == [[9] * 5] * 3
