# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The public way from pictures to depth."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from depth_anything_ros import Depth, DepthEstimator, DepthKind
from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.inference.conventions import LongPictureError
from depth_anything_ros.inference.device import DeviceError
from depth_anything_ros.inference.preprocessing import network_size, preprocess
from depth_anything_ros.model.catalog import UnknownModelError, card_for
from depth_anything_ros.model.checkpoint import load_network
from depth_anything_ros.model.checkpoint_file import CheckpointError
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.hub import locate

ROOT = Path(__file__).resolve().parents[2]
INPUT_SIZE = 42


def random_estimator(model: str = 'nano', input_size: int | None = INPUT_SIZE) -> DepthEstimator:
    torch.manual_seed(0)
    return DepthEstimator(model, 'random', 'cpu', 'float32', input_size)


@pytest.fixture(scope='module')
def estimator() -> DepthEstimator:
    return random_estimator()


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def assert_same_depth(first: Depth, second: Depth) -> None:
    assert first.kind is second.kind
    assert first.network_size == second.network_size
    np.testing.assert_allclose(first.values, second.values, rtol=1e-5)


def watch_passes(
    estimator: DepthEstimator, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[int, tuple[int, int]]]:
    """Return a list that will hold the pictures and the network size of each pass."""
    passes: list[tuple[int, tuple[int, int]]] = []
    run = estimator._engine.run

    def watched(pictures, size, at_network_size):
        passes.append((len(pictures), size))
        return run(pictures, size, at_network_size)

    monkeypatch.setattr(estimator._engine, 'run', watched)
    return passes


def test_depth_has_the_size_of_the_picture(estimator):
    depth = estimator.estimate(picture(48, 65))

    assert depth.values.shape == (48, 65)
    assert depth.values.dtype == np.float32
    assert depth.kind is DepthKind.RELATIVE
    assert depth.network_size == network_size(48, 65, INPUT_SIZE)
    assert np.isfinite(depth.values).all()


def test_depth_at_network_size_skips_the_resize(estimator):
    rgb = picture(48, 65)
    size = network_size(48, 65, INPUT_SIZE)
    torch.manual_seed(0)
    network = DepthAnything(config_for('nano')).initialise().eval()
    with torch.inference_mode():
        expected = network(preprocess(torch.from_numpy(rgb)[None], size))[0].numpy()

    depth = estimator.estimate(rgb, at_network_size=True)

    assert depth.values.shape == size == depth.network_size
    # OpenCV and torch round the coordinates of the resize differently.
    np.testing.assert_allclose(depth.values, expected, rtol=1e-3)


def test_batch_gives_what_single_calls_give(estimator):
    pictures = [picture(48, 65, seed) for seed in range(3)]

    singles = [estimator.estimate(rgb) for rgb in pictures]
    # Were the pictures' depths all alike, the comparison below could not tell their order.
    assert np.abs(singles[0].values - singles[1].values).max() > 1e-3

    for one, other in zip(singles, estimator.estimate_batch(pictures), strict=True):
        assert_same_depth(one, other)


def test_pictures_of_mixed_sizes_keep_their_order(estimator):
    sizes = [(40, 50), (50, 40), (40, 50), (42, 42), (50, 40), (80, 100)]
    pictures = [picture(*size, seed) for seed, size in enumerate(sizes)]

    results = estimator.estimate_batch(pictures)

    assert [depth.values.shape for depth in results] == sizes
    for rgb, depth in zip(pictures, results, strict=True):
        assert_same_depth(depth, estimator.estimate(rgb))


def test_pictures_of_one_network_size_share_a_pass(estimator, monkeypatch):
    passes = watch_passes(estimator, monkeypatch)

    # 80 x 100 is the double of 40 x 50, so the network sees both at one size.
    sizes = [(40, 50), (50, 40), (80, 100), (42, 42), (40, 50)]
    estimator.estimate_batch([picture(*size) for size in sizes])

    assert sorted(count for count, _ in passes) == [1, 1, 3]


def test_no_pictures_give_no_depth(estimator):
    assert estimator.estimate_batch([]) == []


@pytest.mark.parametrize(
    'view',
    [
        lambda rgb: np.ascontiguousarray(rgb[::-1])[::-1],
        lambda rgb: np.ascontiguousarray(rgb[:, ::-1])[:, ::-1],
        lambda rgb: np.ascontiguousarray(rgb[..., ::-1])[..., ::-1],
        lambda rgb: np.asfortranarray(rgb),
        lambda rgb: np.repeat(rgb, 2, axis=1)[:, ::2],
        lambda rgb: np.frombuffer(rgb.tobytes(), np.uint8).reshape(rgb.shape),
    ],
    ids=['upside down', 'mirrored', 'bgr', 'fortran', 'every other', 'read-only'],
)
def test_any_strides_give_the_same_depth(estimator, view):
    rgb = picture(48, 65)
    same = view(rgb)
    np.testing.assert_array_equal(rgb, same)

    with warnings.catch_warnings():
        warnings.simplefilter('error')  # torch warns of memory it must not write to
        depth = estimator.estimate(same)
    assert_same_depth(depth, estimator.estimate(rgb))


def test_picture_is_left_as_it_was(estimator):
    rgb = picture(48, 65)
    before = rgb.copy()

    estimator.estimate(rgb)

    np.testing.assert_array_equal(rgb, before)


@pytest.mark.parametrize(
    ('shape', 'dtype'),
    [
        ((48, 65), np.uint8),
        ((48, 65, 4), np.uint8),
        ((3, 48, 65), np.uint8),
        ((1, 48, 65, 3), np.uint8),
        ((48, 65, 3), np.float32),
        ((48, 65, 3), np.uint16),
        ((0, 65, 3), np.uint8),
        ((48, 0, 3), np.uint8),
    ],
)
def test_bad_picture_is_refused_with_its_shape_and_type(estimator, shape, dtype):
    with pytest.raises(ValueError, match='must be .H, W, 3. uint8 RGB') as caught:
        estimator.estimate(np.zeros(shape, dtype))

    assert f'got {shape} {np.dtype(dtype)}' in str(caught.value)


def test_bad_picture_in_a_batch_is_refused_before_the_network_runs(estimator, monkeypatch):
    passes = watch_passes(estimator, monkeypatch)

    with pytest.raises(ValueError, match='uint8'):
        estimator.estimate_batch([picture(48, 65), np.zeros((5, 5), np.uint8)])

    assert passes == []


@pytest.mark.parametrize(
    ('model', 'kind', 'max_depth'),
    [
        ('nano', DepthKind.RELATIVE, None),
        ('metric-indoor-small', DepthKind.METRIC, 20.0),
        ('metric-outdoor-small', DepthKind.METRIC, 80.0),
    ],
)
def test_kind_and_limit_follow_the_name(model, kind, max_depth):
    estimator = random_estimator(model)

    assert (estimator.kind, estimator.max_depth) == (kind, max_depth)
    depth = estimator.estimate(picture(28, 28))
    assert depth.kind is kind
    if max_depth is not None:
        assert 0 < depth.values.min() <= depth.values.max() < max_depth


def test_unknown_model_is_refused_with_the_names_there_are():
    with pytest.raises(UnknownModelError, match="unknown model 'tiny'.*nano"):
        random_estimator('tiny')


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(CheckpointError, match='nothing.safetensors'):
        DepthEstimator('nano', tmp_path / 'nothing.safetensors', 'cpu')


def test_max_depth_completes_weights_that_do_not_say_theirs(tmp_path):
    path = tmp_path / 'mine.pth'
    torch.save(DepthAnything(config_for('nano')).state_dict(), path)

    estimator = DepthEstimator('nano', path, 'cpu', 'float32', INPUT_SIZE, max_depth=12.5)

    assert (estimator.kind, estimator.max_depth) == (DepthKind.METRIC, 12.5)
    assert estimator.estimate(picture(28, 28)).kind is DepthKind.METRIC


def test_max_depth_that_contradicts_the_weights_is_refused():
    with pytest.raises(CheckpointError, match='relative weights.*leave max_depth unset'):
        DepthEstimator('nano', device='cpu', max_depth=20.0)


def test_max_depth_makes_random_weights_metric_unless_the_model_says_another():
    assert DepthEstimator('nano', 'random', 'cpu', max_depth=7.0).max_depth == 7.0
    small = DepthEstimator('metric-indoor-small', 'random', 'cpu', max_depth=20.0)
    assert small.max_depth == 20.0
    with pytest.raises(CheckpointError, match='max_depth asks for 7 m, but model: metric-indoor'):
        DepthEstimator('metric-indoor-small', 'random', 'cpu', max_depth=7.0)


@pytest.fixture
def cached(tmp_path, monkeypatch) -> Path:
    """A truncated file of `small` in an otherwise empty cache of the hub."""
    card = card_for('small')
    monkeypatch.setenv('HF_HUB_CACHE', str(tmp_path))
    folder = tmp_path / f'models--{card.repository.replace("/", "--")}'
    path = folder / 'snapshots' / ('0' * 40) / card.filename
    path.parent.mkdir(parents=True)
    path.write_bytes(b'PK\x03\x04 and no more')
    (folder / 'refs').mkdir()
    (folder / 'refs' / 'main').write_text('0' * 40)
    return path


def test_damaged_weights_of_the_cache_are_named_with_the_command_that_mends_them(cached):
    with pytest.raises(CheckpointError, match='"depth-anything download small" checks') as caught:
        DepthEstimator('small', device='cpu')
    assert str(cached) in str(caught.value)

    with pytest.raises(CheckpointError) as caught:  # the same bytes, as a file of one's own
        DepthEstimator('small', cached, 'cpu')
    assert 'depth-anything download' not in str(caught.value)


def test_unknown_device_and_precision_are_refused_before_anything_is_loaded(tmp_path):
    with pytest.raises(DeviceError, match='quantum'):
        DepthEstimator('no such model', device='quantum')
    with pytest.raises(DeviceError, match='int4'):
        DepthEstimator('no such model', device='cpu', precision='int4')


def test_input_size_defaults_to_the_models_own():
    assert random_estimator('nano', None).input_size == card_for('nano').input_size
    small = random_estimator('small', None)
    assert small.input_size == small.own_input_size == 518


def test_input_size_can_change_between_calls():
    estimator = random_estimator()
    rgb = picture(60, 60)

    assert estimator.estimate(rgb).network_size == (42, 42)
    estimator.input_size = 56
    assert estimator.estimate(rgb).network_size == (56, 56)
    assert estimator.own_input_size == card_for('nano').input_size


def test_input_size_of_one_call_leaves_that_of_the_estimator():
    estimator = random_estimator()
    rgb = picture(60, 80)

    assert estimator.estimate(rgb, input_size=56).network_size == (56, 70)
    batch = estimator.estimate_batch([rgb, rgb], at_network_size=True, input_size=70)
    assert [depth.values.shape for depth in batch] == [(70, 98)] * 2
    assert estimator.estimate(rgb).network_size == (42, 56)
    assert estimator.input_size == INPUT_SIZE
    assert_same_depth(estimator.estimate(rgb), estimator.estimate(rgb, input_size=42))


def test_network_size_tells_which_pictures_share_a_pass():
    estimator = random_estimator()

    assert estimator.network_size(60, 80) == estimator.network_size(120, 160) == (42, 56)
    assert estimator.network_size(60, 80, 56) == (56, 70)


def test_input_size_below_a_patch_is_refused():
    estimator = random_estimator()

    with pytest.raises(ValueError, match='input_size 13 must be at least 14'):
        estimator.input_size = 13
    assert estimator.input_size == INPUT_SIZE
    with pytest.raises(ValueError, match='input_size 0'):
        random_estimator(input_size=0)
    with pytest.raises(ValueError, match='input_size 7'):
        estimator.estimate(picture(28, 28), input_size=7)


def test_warm_up_runs_the_network_at_the_size_of_the_pictures_to_come(estimator, monkeypatch):
    passes = watch_passes(estimator, monkeypatch)

    estimator.warm_up(48, 65)

    assert passes == [(1, network_size(48, 65, INPUT_SIZE))]


@pytest.fixture(scope='module')
def rendered() -> np.ndarray:
    return ProceduralClip(1, 96, 72, 5.0).frame(0)[0]


def nano(precision: str) -> DepthEstimator:
    return DepthEstimator('nano', device='cpu', precision=precision, input_size=126)


def test_weights_can_be_given_by_path(rendered):
    by_path = DepthEstimator('nano', locate('nano')[1], 'cpu', 'float32', 126)

    assert_same_depth(by_path.estimate(rendered), nano('float32').estimate(rendered))


def test_bfloat16_stays_near_float32(rendered):
    exact = nano('float32').estimate(rendered).values
    rough = nano('bfloat16').estimate(rendered).values

    assert rough.dtype == np.float32
    assert not np.array_equal(exact, rough)
    spread = exact.max() - exact.min()
    assert spread > 0
    # Measured: 0.1 % on average, 0.6 % at worst; 8 bits of mantissa are 0.4 %.
    assert np.abs(rough - exact).mean() < 0.01 * spread
    assert np.abs(rough - exact).max() < 0.05 * spread


def test_shipped_weights_fit_float16(rendered):
    # float16 ends at 65504, and it is what CUDA machines run with by default. The CPU computes it
    # slowly but with the same range.
    card, path = locate('nano')
    network = load_network(card, path).eval()
    image = preprocess(torch.from_numpy(rendered)[None], (126, 168))
    with torch.inference_mode():
        exact = network(image)
        half = network.set_precision(torch.float16)(image)

    assert torch.isfinite(half).all()
    assert (half - exact).abs().max() < 0.02 * exact.max()


def test_package_imports_torch_only_when_a_network_is_loaded():
    program = (
        'import sys, depth_anything_ros as package; '
        'from depth_anything_ros import DepthEstimator; '
        "assert package.DepthKind and DepthEstimator.__name__ == 'DepthEstimator'; "
        "assert 'torch' not in sys.modules; "
        "DepthEstimator('nano', 'random', 'cpu'); "
        "assert 'torch' in sys.modules"
    )
    done = subprocess.run([sys.executable, '-c', program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_unknown_export_is_an_attribute_error():
    import depth_anything_ros

    with pytest.raises(AttributeError, match='no_such_thing'):
        _ = depth_anything_ros.no_such_thing


@pytest.mark.parametrize('ask', ['estimate', 'estimate_batch', 'submit'])
def test_a_picture_too_long_for_the_network_is_refused_at_once(estimator, ask):
    long = np.zeros((3, 60000, 3), np.uint8)
    argument = long if ask == 'estimate' else [picture(48, 65), long]

    with pytest.raises(LongPictureError, match='60000x3 pixels become .* 180000 patches'):
        getattr(estimator, ask)(argument)


def test_the_limit_is_of_patches_not_of_pixels(estimator):
    rgb = np.zeros((3, 6000, 3), np.uint8)
    assert estimator.estimate(rgb, at_network_size=True, input_size=14).values.shape == (14, 28000)
