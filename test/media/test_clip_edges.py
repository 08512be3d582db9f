# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ramps between two surfaces in stored depth of moving pictures."""

from pathlib import PurePosixPath

import numpy as np
import pytest
import torch

pytest.importorskip('av')

from clip_making import Brightness, frames_of, make_video  # noqa: E402

from depth_anything_ros.depth import DepthKind  # noqa: E402
from depth_anything_ros.geometry.edges import EdgeSettings, flying_pixels  # noqa: E402
from depth_anything_ros.media.clip_archive import values16  # noqa: E402
from depth_anything_ros.media.clip_files import FORMATS, output_path  # noqa: E402
from depth_anything_ros.media.clip_open import open_clip  # noqa: E402
from depth_anything_ros.media.clip_run import ClipOptions, ClipRun, Target  # noqa: E402


def slope(index, width, height):
    """Give two walls with a ramp between them."""
    row = np.interp(np.arange(width), (0, 30, 36, width), (60, 60, 200, 200))
    return np.broadcast_to(row[None, :, None], (height, width, 3)).astype(np.uint8)


def stored(folder, kind, max_jump):
    path = make_video(folder / 'a.mkv', 2, codec='ffv1', pix_fmt='bgr0', draw=slope)
    names = ('color', 'ffv1', 'npz')
    paths = [output_path(folder / f'{kind.value}{max_jump}', PurePosixPath('a'), n) for n in names]
    targets = [Target(FORMATS[n], p) for n, p in zip(names, paths, strict=True)]
    ClipRun(Brightness(kind), open_clip(str(path)), targets, ClipOptions(max_jump=max_jump))()
    color, film, arrays = paths
    depth = np.load(arrays / '000001.npz')['depth']
    return color.read_bytes(), values16(frames_of(film, 'gray16le')[1], kind, 1000.0), depth


def test_they_are_unknown_in_metres_and_stay_in_colours(tmp_path):
    color, _, whole = stored(tmp_path, DepthKind.METRIC, 0.0)
    same, film, depth = stored(tmp_path, DepthKind.METRIC, 0.1)

    # The stand-in says that its own size is a quarter.
    flying = flying_pixels(torch.from_numpy(whole), EdgeSettings(0.1, spacing=4)).numpy()
    assert 0 < flying.mean() < 0.2
    assert np.array_equal(np.isnan(depth), flying) and np.array_equal(np.isnan(film), flying)
    assert np.array_equal(depth[~flying], whole[~flying])
    assert same == color


def test_disparity_has_none(tmp_path):
    plain, jumps = (stored(tmp_path, DepthKind.RELATIVE, jump)[2] for jump in (0.0, 0.1))

    assert np.array_equal(plain, jumps)
