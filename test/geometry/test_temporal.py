# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The temporal filter on made-up frames whose right answer is known."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.temporal import TemporalError, TemporalFilter, TemporalSettings

HEIGHT, WIDTH = 96, 128
ON = TemporalSettings(strength=0.8)
METRIC, RELATIVE = DepthKind.METRIC, DepthKind.RELATIVE


def texture(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Return a picture with detail of a few pixels, grey 0 to 255."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def flat(value: float, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    return torch.full((height, width), value)


def run(frames, pictures, settings=ON, kind=METRIC) -> tuple[list[torch.Tensor], TemporalFilter]:
    smooth = TemporalFilter(settings, kind)
    return [smooth(f, p) for f, p in zip(frames, pictures, strict=True)], smooth


def test_it_is_off_by_default():
    values = flat(2.0)

    (_, second), smooth = run([flat(1.9), values], [texture()] * 2, TemporalSettings())

    assert second is values
    assert smooth.history_share == 0.0


def test_the_first_frame_passes():
    values = flat(2.0)

    assert run([values], [texture()])[0][0] is values


@pytest.mark.parametrize('kind', [METRIC, RELATIVE])
def test_a_still_scene_is_blended_in_disparity(kind):
    before, now = 2.0, 2.1
    _, out = run([flat(before), flat(now)], [texture()] * 2, kind=kind)[0]

    past, present = (1 / before, 1 / now) if kind is METRIC else (before, now)
    zero = 0.0 if kind is METRIC else -before  # the median of the first frame below 0
    jump = abs(past - present) / (max(past, present) - zero)
    weight = 0.8 * math.exp(-((jump / ON.disparity_jump) ** 2))
    mixed = weight * past + (1 - weight) * present
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, flat(1 / mixed if kind is METRIC else mixed))


def test_noise_over_a_still_scene_gets_less():
    rng = np.random.default_rng(0)
    noise = [cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH)), (0, 0), 6) for _ in range(30)]
    frames = [torch.from_numpy((3 + 0.1 * n / n.std()).astype(np.float32)) for n in noise]

    out, smooth = run(frames, [texture()] * 30)

    assert torch.stack(out[10:]).std(0).mean() < 0.5 * torch.stack(frames[10:]).std(0).mean()
    assert 0.6 < smooth.history_share <= 0.8
    assert abs(torch.stack(out[10:]).mean() - 3) < 0.02


def test_unknown_endless_and_too_near_pixels_stay_and_touch_no_others():
    specials = flat(2.0)
    specials[10:20, 10:20] = math.nan
    specials[40:50, 10:20] = math.inf
    specials[70:80, 10:20] = -math.inf
    specials[30, 100] = math.nan
    specials[31, 100] = 0.0

    (_, from_known), _ = run([flat(2.1), specials], [texture()] * 2)
    (_, from_special), _ = run([specials, flat(2.1)], [texture()] * 2)

    odd = ~(torch.isfinite(specials) & (specials > 0))
    assert torch.equal(torch.nan_to_num(from_known[odd], 9), torch.nan_to_num(specials[odd], 9))
    (_, plain), _ = run([flat(2.1), flat(2.0)], [texture()] * 2)
    far = cv2.dilate(odd.numpy().astype(np.uint8), np.ones((5, 5))) == 0
    torch.testing.assert_close(from_known[far], plain[far])
    assert torch.isfinite(from_special).all()
    assert (from_special[12:18, 12:18] == 2.1).all()
    assert (from_special[60, 60:] < 2.1).all()


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf, 0.0])
def test_a_frame_without_any_depth_passes(value):
    nothing = flat(value)

    (_, out, after), _ = run([flat(2.0), nothing, flat(3.0)], [texture()] * 3)

    assert torch.equal(torch.nan_to_num(out, 9), torch.nan_to_num(nothing, 9))
    assert (after == 3.0).all()


@pytest.mark.parametrize('value', [0.0, -1.0])
def test_relative_depth_at_and_below_zero_stays(value):
    frame = flat(1.0)
    frame[:40] = value

    (_, out), _ = run([flat(1.05), frame], [texture()] * 2, kind=RELATIVE)

    assert (out[:38] == value).all()
    assert (out[44:] > 1.02).all()


def test_relative_depth_far_away_never_becomes_zero():
    far, less = flat(0.01), flat(0.001)
    far[:, 64:] = less[:, 64:] = 1.0

    (_, _, out), _ = run([less, less, far], [texture()] * 3, kind=RELATIVE)

    assert (out[:, :60] >= 0.005).all()


def test_an_edge_that_moves_is_where_it_is_now():
    wide = texture(width=WIDTH + 20)
    near = flat(2.0, width=WIDTH + 20)
    near[:, 70:] = 4.0
    frames = [near[:, 4 * i : 4 * i + WIDTH].contiguous() for i in range(5)]

    out, _ = run(frames, [wide[:, 4 * i : 4 * i + WIDTH] for i in range(5)])

    for frame, got in zip(frames, out, strict=True):
        torch.testing.assert_close(got, frame, rtol=0.08, atol=0)


def test_where_the_picture_changed_the_present_holds():
    dark = texture() // 2
    lit = dark.copy()
    lit[30:70, 40:90] = 255

    (_, out), smooth = run([flat(2.0), flat(2.1)], [dark, lit])

    assert smooth.resets == 0
    assert out[36:64, 46:84].sub(2.1).abs().max() < 0.005
    assert (out[:20] < 2.06).float().mean() > 0.9


def test_where_the_disparity_jumped_the_present_holds():
    stepped = flat(2.0)
    stepped[30:70, 40:90] = 1.0

    (_, out), _ = run([flat(2.0), stepped], [texture()] * 2)

    inside, outside = np.s_[34:66, 44:86], np.s_[:, :36]
    torch.testing.assert_close(out[inside], stepped[inside], rtol=1e-3, atol=0)
    torch.testing.assert_close(out[outside], stepped[outside], rtol=1e-3, atol=0)
    # Cells that the step divides hold a mean of both sides.
    torch.testing.assert_close(out, stepped, rtol=0.1, atol=0)


def test_a_scene_cut_drops_the_past():
    second = flat(2.1)

    (_, out, third), smooth = run([flat(2.0), second, flat(2.2)], [texture(0), *[texture(1)] * 2])

    assert out is second
    assert smooth.resets == 1
    assert (third < 2.2).all()


def test_a_change_of_exposure_is_no_change():
    brighter = np.clip(texture().astype(np.float32) * 0.6 + 70, 0, 255).astype(np.uint8)

    (_, out), smooth = run([flat(2.0), flat(2.1)], [texture(), brighter])

    assert smooth.resets == 0
    assert (out < 2.06).float().mean() > 0.9


def test_with_follow_scale_the_whole_passes_and_the_parts_are_smoothed():
    slope = torch.linspace(1, 2, WIDTH).expand(HEIGHT, WIDTH)
    bump = slope.clone()
    bump[40:50, 40:50] *= 1.05
    settings = TemporalSettings(strength=0.8, follow_scale=True)

    (_, out), _ = run([slope, 1.1 * bump + 0.05], [texture()] * 2, settings, RELATIVE)

    expected = 1.1 * slope + 0.05
    torch.testing.assert_close(out[:35], expected[:35], rtol=2e-3, atol=0)
    kept = (out / expected - 1)[43:47, 43:47]
    assert kept.mean() < 0.03


def test_reset_and_another_size_start_anew():
    smooth = TemporalFilter(ON, METRIC)
    smooth(flat(2.0), texture())
    smooth.reset()
    again = flat(2.1)
    assert smooth(again, texture()) is again

    small = flat(2.0, 24, 32)
    assert smooth(small, texture(0, 24, 32)) is small
    assert smooth.resets == 1


@pytest.mark.parametrize('size', [(1, 1), (1, 40), (7, 5), (11, 300)], ids=str)
@pytest.mark.parametrize('follow', [False, True])
def test_tiny_and_narrow_frames_are_filtered_too(size, follow):
    settings = TemporalSettings(strength=0.8, follow_scale=follow)
    picture = texture(0, *size)

    (_, out), _ = run([flat(2.0, *size), flat(2.1, *size)], [picture] * 2, settings)

    assert out.shape == size
    assert torch.isfinite(out).all()
    if not follow:
        assert (out < 2.06).all()


def test_the_picture_may_have_another_size_and_be_in_colour():
    large = cv2.cvtColor(cv2.resize(texture(), (320, 240)), cv2.COLOR_GRAY2RGB)

    (_, out), _ = run([flat(2.0), flat(2.1)], [large] * 2)

    assert (out < 2.06).all()


def test_inputs_are_left_as_they_are():
    frames, pictures = [flat(2.0), flat(2.1)], [texture(), texture()]

    run(frames, pictures)

    assert (frames[1] == 2.1).all()
    np.testing.assert_array_equal(pictures[1], texture())


@pytest.mark.parametrize(
    ('change', 'says'),
    [
        ({'strength': 1.0}, 'strength'),
        ({'strength': -0.1}, 'strength'),
        ({'strength': math.nan}, 'strength'),
        ({'picture_change': 0.0}, 'picture_change'),
        ({'disparity_jump': -1.0}, 'disparity_jump'),
        ({'cut': math.inf}, 'cut'),
        ({'cut': '1'}, 'cut'),
    ],
    ids=str,
)
def test_settings_that_make_no_filter_are_refused(change, says):
    with pytest.raises(TemporalError, match=says):
        TemporalSettings(**change)


@pytest.mark.parametrize(
    ('values', 'picture'),
    [
        (torch.ones(2, 3, 4), texture()),
        (torch.ones(2, 3, dtype=torch.float64), texture()),
        (torch.ones(0, 3), texture()),
        (flat(1.0), texture().astype(np.float32)),
        (flat(1.0), np.zeros((4, 4, 4), np.uint8)),
        (flat(1.0), np.zeros((0, 4), np.uint8)),
    ],
    ids=['3-d', 'float64', 'empty', 'float picture', '4 channels', 'empty picture'],
)
def test_inputs_of_another_form_are_refused(values, picture):
    with pytest.raises(TemporalError, match='give'):
        TemporalFilter(ON, METRIC)(values, picture)


@pytest.mark.parametrize(('kind', 'odd'), [(RELATIVE, 3e38), (METRIC, 1e-45)])
def test_a_frame_of_impossible_values_spoils_no_other(kind, odd):
    values = [flat(odd), flat(0.3), flat(0.3)]

    after, _ = run(values, [texture()] * 3, kind=kind)

    for number in (1, 2):
        torch.testing.assert_close(after[number], values[number])
