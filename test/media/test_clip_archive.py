# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/clip_archive.py."""

import json
from fractions import Fraction

import av
import numpy as np
import pytest
from clip_making import frames_of, times_of

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.clip_archive import (
    disparity_steps,
    steps16,
    values16,
    whole_folder,
    write_ffv1,
    write_npz,
)
from depth_anything_ros.media.clip_items import ClipFacts, DepthFrame

FACTS = ClipFacts('x', 9, 7, Fraction(1, 30000), Fraction(30000, 1001))


def depth_frames(values, kind):
    index = np.zeros((7, 9), np.uint8)
    return [DepthFrame(1001 * i, 1001, kind, v, index, None, None) for i, v in enumerate(values)]


def relative(count=5):
    rng = np.random.default_rng(0)
    return [rng.uniform(0, 9, (7, 9)).astype(np.float32) for _ in range(count)]


def test_disparity_comes_back_within_half_a_step(tmp_path):
    values = relative()
    values[1][0, 0] = np.nan
    path = tmp_path / 'a.mkv'

    assert write_ffv1(path, iter(depth_frames(values, DepthKind.RELATIVE)), FACTS, 1000.0) == 5

    header, *lines = [json.loads(line) for line in path.with_suffix('.jsonl').open()]
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == 'ffv1' and stream.codec_context.pix_fmt == 'gray16le'
        assert container.metadata['DEPTH_SCALE'] == str(header['scale'])
        assert container.metadata['DEPTH_FORMULA'] == header['formula']
    for steps, wanted in zip(frames_of(path, None), values, strict=True):
        back = values16(steps, DepthKind.RELATIVE, header['scale'])
        assert np.nanmax(np.abs(back - wanted)) <= 0.5 / header['scale']
        assert (np.isnan(back) == np.isnan(wanted)).all()
    assert header['scale'] >= 8192 / 9 and np.log2(header['scale']) % 1 == 0
    assert [line['pts'] for line in lines] == [1001 * i for i in range(5)]
    assert Fraction(header['time_base']) == FACTS.time_base
    # Matroska itself knows milliseconds.
    exact = [Fraction(1001 * i, 30000) for i in range(5)]
    assert max(abs(a - b) for a, b in zip(times_of(path), exact, strict=True)) <= 0.001


def test_metres_come_back_within_half_a_step(tmp_path):
    metres = np.random.default_rng(0).uniform(0.3, 60, (7, 9)).astype(np.float32)
    metres[0, :4] = np.inf, -np.inf, np.nan, 70
    path = tmp_path / 'a.mkv'

    write_ffv1(path, iter(depth_frames([metres], DepthKind.METRIC)), FACTS, 1000.0)

    steps = frames_of(path, None)[0]
    assert steps[0, :4].tolist() == [65535, 1, 0, 65535]
    back = values16(steps, DepthKind.METRIC, 1000.0)
    assert np.abs(back[1:] - metres[1:]).max() <= 0.000504
    assert back[0, 0] == np.inf and back[0, 1] == -np.inf and np.isnan(back[0, 2])


def test_what_comes_nearer_than_the_headroom_is_told(tmp_path):
    values = [np.full((7, 9), 1, np.float32), np.full((7, 9), 100, np.float32)]
    path = tmp_path / 'a.mkv'

    write_ffv1(path, iter(depth_frames(values, DepthKind.RELATIVE)), FACTS, 1000.0)

    assert frames_of(path, None)[1].min() == 65535
    assert json.loads(path.with_suffix('.jsonl').read_text().splitlines()[-1]) == {
        'clipped_pixels': 63
    }


def test_a_beginning_without_depth_has_a_scale_too():
    empty = np.zeros((2, 2), np.float32)
    assert disparity_steps(empty) == 1.0
    assert disparity_steps(np.full((2, 2), np.nan, np.float32)) == 1.0
    assert steps16(empty - 1, DepthKind.RELATIVE, 1.0).max() == 1


def test_arrays_have_depth_and_time(tmp_path):
    values = relative(3)

    assert write_npz(tmp_path / 'a', iter(depth_frames(values, DepthKind.RELATIVE)), FACTS) == 3

    assert sorted(p.name for p in (tmp_path / 'a').iterdir()) == [f'00000{i}.npz' for i in range(3)]
    for index, wanted in enumerate(values):
        with np.load(tmp_path / f'a/00000{index}.npz', allow_pickle=False) as made:
            assert (made['depth'] == wanted).all() and made['depth'].dtype == np.float32
            assert made['kind'].shape == () and made['kind'] == 'relative'
            assert made['pts'].shape == () and made['pts'] == 1001 * index
            assert made['time_base'].tolist() == [1, 30000]
            assert made['seconds'] == pytest.approx(index * 1001 / 30000)


def test_a_folder_has_its_name_when_it_is_whole(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a/old').write_text('')

    with pytest.raises(ValueError), whole_folder(tmp_path / 'a') as folder:
        (folder / 'new').write_text('')
        raise ValueError
    assert [p.name for p in tmp_path.rglob('*')] == ['a', 'old']

    with whole_folder(tmp_path / 'a') as folder:
        (folder / 'new').write_text('')
    assert [p.name for p in tmp_path.rglob('*')] == ['a', 'new']
