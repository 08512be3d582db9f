# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for annotation/segment_anything.py, with a network of random weights of its kind."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip('torch')
transformers = pytest.importorskip('transformers')

from depth_anything_ros.annotation.segment_anything import (  # noqa: E402
    SegmentAnything,
    SegmentAnythingError,
    _grid,
    _overlap,
)


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp('sam')
    torch.manual_seed(0)
    config = transformers.SamConfig(
        vision_config={
            'hidden_size': 16, 'num_hidden_layers': 1, 'num_attention_heads': 2, 'image_size': 64,
            'patch_size': 16, 'output_channels': 16, 'window_size': 2, 'global_attn_indexes': [0],
            'mlp_dim': 16, 'num_pos_feats': 8,
        },
        prompt_encoder_config={'hidden_size': 16, 'image_size': 64, 'patch_size': 16},
        mask_decoder_config={
            'hidden_size': 16, 'mlp_dim': 16, 'num_hidden_layers': 1, 'num_attention_heads': 2,
            'iou_head_hidden_dim': 16,
        },
    )  # fmt: skip
    transformers.SamModel(config).save_pretrained(folder)
    return folder


class Masks:
    """A network whose mask for a point is the quarter of the picture that the point is in."""

    def get_image_embeddings(self, pixels):
        self.pixels = pixels
        return pixels

    def __call__(self, image_embeddings, input_points, input_labels, multimask_output):
        places = input_points[0, :, 0]
        masks = torch.full((1, len(places), 3, 16, 16), -20.0)
        scores = torch.full((1, len(places), 3), 0.5)
        for i, (x, y) in enumerate(places.tolist()):
            # Of a picture of 64 x 48 in 64 x 64 the mask has 16 x 12 pixels of 16 x 16.
            top, left = 6 * (y >= 24), 8 * (x >= 32)
            masks[0, i, 1, top : top + 6, left : left + 8] = 20.0
            scores[0, i, 1] = 0.9 + 0.001 * (x == places[:, 0].min())
        scores[0, -1] = 0.1  # the last point knows nothing
        from types import SimpleNamespace

        return SimpleNamespace(pred_masks=masks, iou_scores=scores)


def test_one_point_is_kept_of_each_mask(weights):
    segmenter = SegmentAnything(weights, grid=8)
    segmenter._model = Masks()
    rgb = np.full((480, 640, 3), 128, np.uint8)

    points = segmenter.key_points(rgb)

    assert {(p.row >= 240, p.column >= 320) for p in points} == {
        *((False, False), (False, True), (True, False), (True, True)),
    }
    assert len(points) == 4 and all(10 <= p.room <= 160 for p in points)
    pixels = segmenter._model.pixels
    assert pixels.shape == (1, 3, 64, 64) and not pixels[0, :, 48:].any()
    mean = torch.tensor([0.485, 0.456, 0.406])
    deviation = torch.tensor([0.229, 0.224, 0.225])
    expected = (128 / 255 - mean) / deviation
    assert torch.allclose(pixels[0, :, 10, 10], expected, atol=1e-3)


def test_masks_that_are_unsure_or_unstable_are_left_out(weights):
    segmenter = SegmentAnything(weights, grid=8)
    segmenter._model = Masks()
    segmenter._least_iou = 0.95
    rgb = np.full((480, 640, 3), 128, np.uint8)
    assert segmenter.key_points(rgb) == []
    wobbly = np.full((12, 16), -20.0, np.float32)
    wobbly[2:8, 2:8] = 0.5
    assert segmenter._judged(wobbly, np.array([5.0, 5.0])) is None
    wobbly[2:8, 2:8] = 5.0
    assert segmenter._judged(wobbly, np.array([5.0, 5.0])) is not None
    assert segmenter._judged(wobbly, np.array([12.0, 5.0])) is None  # the point is not in it


def test_pictures_are_prepared_as_transformers_prepares_them(weights):
    pytest.importorskip('PIL')
    processor = transformers.SamImageProcessor(
        size={'longest_edge': 64},
        pad_size={'height': 64, 'width': 64},
        mask_size={'longest_edge': 16},
    )
    rgb = np.random.default_rng(4).integers(0, 255, (12, 16, 3), np.uint8)
    expected = np.asarray(processor(rgb, return_tensors='np')['pixel_values'][0])
    found = SegmentAnything(weights, grid=1)._prepared(rgb, (64, 48))[0]
    # A grey level is 1 / 57 here; Pillow and OpenCV round differently.
    assert found.shape == expected.shape and np.abs(found - expected).max() < 2 / 57


def test_a_real_network_of_its_kind_runs(weights):
    segmenter = SegmentAnything(weights, grid=4, least_iou=-9.0, least_stability=0.0)
    rgb = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    points = segmenter.key_points(rgb)
    assert all(0 <= p.row < 90 and 0 <= p.column < 120 for p in points)
    assert segmenter.key_points(rgb) == points


def test_a_folder_without_weights_is_named(tmp_path):
    with pytest.raises(SegmentAnythingError, match='no weights of Segment Anything'):
        SegmentAnything(tmp_path)


def test_weights_that_are_pickles_are_not_read(weights, tmp_path):
    (tmp_path / 'config.json').write_bytes((weights / 'config.json').read_bytes())
    torch.save({}, tmp_path / 'pytorch_model.bin')
    with pytest.raises(SegmentAnythingError):
        SegmentAnything(tmp_path)


def test_the_grid_is_in_the_middle_of_cells():
    assert _grid(2, (40, 20)).tolist() == [[10, 5], [30, 5], [10, 15], [30, 15]]


def test_overlap_of_boxes():
    box = np.array([0.0, 0, 2, 2])
    assert _overlap(box, box) == 1
    assert _overlap(box, np.array([1.0, 0, 3, 2])) == pytest.approx(1 / 3)
    assert _overlap(box, np.array([5.0, 5, 6, 6])) == 0
