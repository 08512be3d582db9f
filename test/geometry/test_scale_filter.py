# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A scale followed over time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from depth_anything_ros.geometry.affine import AffineFit, NoAgreementError, NoFitError
from depth_anything_ros.geometry.scale import ScaleState
from depth_anything_ros.geometry.scale_filter import ScaleTracker, TrackerSettings

WAITING, TRACKING, HOLD, LOST = ScaleState
PIVOT = 5.0
STEP = 0.1


def a_fit(level=0.25, slope=0.05, deviation=0.02):
    """Return a fit by its inverse depth and slope at a pivot, with relative deviations."""
    var_level, var_slope = (deviation * level) ** 2, (2 * deviation * slope) ** 2
    covariance = np.array(
        [[var_slope, -PIVOT * var_slope], [-PIVOT * var_slope, var_level + PIVOT**2 * var_slope]]
    )
    return AffineFit(slope, level - slope * PIVOT, covariance, 0.7, 0.05, 200)


def level(estimate):
    return estimate.a * PIVOT + estimate.b


def started(**settings):
    """Return a tracker that tracks the fit of 0.25 / m, and the time of its last frame."""
    tracker = ScaleTracker(TrackerSettings(**settings))
    for frame in range(10):
        estimate = tracker.update(a_fit(), frame * STEP)
    assert estimate.state is TRACKING
    return tracker, 9 * STEP


def test_it_waits_until_fits_agree():
    tracker = ScaleTracker(TrackerSettings(confirm=3))
    states = [tracker.update(a_fit(), frame * STEP).state for frame in range(4)]
    assert states == [WAITING, WAITING, TRACKING, TRACKING]


def test_fits_that_do_not_agree_start_nothing():
    tracker = ScaleTracker(TrackerSettings(confirm=2))
    for frame in range(10):
        value = (0.25, 0.5, 1.0)[frame % 3]
        assert tracker.update(a_fit(value), frame * STEP).state is WAITING


def test_fits_far_apart_in_time_confirm_nothing():
    tracker = ScaleTracker(TrackerSettings(confirm=2, fresh_time=0.5))
    for frame in range(5):
        assert tracker.update(a_fit(), frame * 1.0).state is WAITING


def test_noise_is_averaged_and_the_covariance_tells_it():
    rng = np.random.default_rng(0)
    tracker = ScaleTracker(TrackerSettings(level_drift=0.02, slope_drift=0.02))
    errors, told = [], []
    for frame in range(300):
        noisy = a_fit(0.25 * (1 + 0.05 * rng.normal()), 0.05, 0.05)
        estimate = tracker.update(noisy, frame * STEP)
        if frame > 50:
            errors.append(level(estimate) / 0.25 - 1)
            told.append(estimate.relative_deviation)
    assert np.std(errors) < 0.035
    assert np.mean(told) == pytest.approx(np.std(errors), rel=0.5)


def test_a_drifting_scale_is_followed():
    tracker = ScaleTracker()
    for frame in range(200):
        true = 0.25 * math.exp(0.3 * math.sin(frame * STEP))
        estimate = tracker.update(a_fit(true), frame * STEP)
        if frame > 5:
            assert estimate.state is TRACKING
            assert level(estimate) == pytest.approx(true, rel=0.05)


def test_its_steps_are_those_of_a_textbook_filter():
    tracker = ScaleTracker(TrackerSettings(confirm=1, level_drift=0.1, slope_drift=0.2))
    first, second = a_fit(0.25), a_fit(0.26, 0.051, 0.03)
    tracker.update(first, 0.0)
    got = tracker.update(second, 0.5)
    to_ab = np.array([[0.0, 1.0], [1.0, -PIVOT]])  # (level, slope) -> (a, b)
    walk = np.diag([(0.1 * 0.25) ** 2, (0.2 * 0.05) ** 2]) * 0.5
    prior = first.covariance + to_ab @ walk @ to_ab.T
    gain = prior @ np.linalg.inv(prior + second.covariance)
    mean = np.array([first.a, first.b])
    mean = mean + gain @ (np.array([second.a, second.b]) - mean)
    assert (got.a, got.b) == pytest.approx(tuple(mean), rel=1e-9)
    assert got.covariance == pytest.approx((np.eye(2) - gain) @ prior, rel=1e-6)


def test_without_references_it_is_held_for_a_while_then_lost():
    tracker, now = started(fresh_time=0.5, hold_time=1.0)
    states = {}
    for frame in range(1, 30):
        estimate = tracker.update(None, now + frame * STEP)
        states[frame] = estimate.state
        assert estimate.age == pytest.approx(frame * STEP)
    assert [states[f] for f in (4, 6, 14, 16, 29)] == [TRACKING, HOLD, HOLD, LOST, LOST]


def test_what_grows_uncertain_is_lost_before_its_time():
    tracker, now = started(hold_time=60.0, level_drift=0.2, max_deviation=0.3)
    assert tracker.current(now + 1.5).state is HOLD
    assert tracker.current(now + 3.0).state is LOST
    assert tracker.current(now + 1.5).relative_deviation == pytest.approx(0.245, abs=0.01)


def test_after_being_lost_it_needs_to_be_confirmed_again():
    tracker, now = started(confirm=3, hold_time=1.0)
    later = now + 10.0
    states = [tracker.update(a_fit(0.6), later + f * STEP).state for f in range(3)]
    assert states == [LOST, LOST, TRACKING]
    assert level(tracker.current(later + 0.2)) == pytest.approx(0.6)


def test_a_single_wrong_fit_changes_nothing_and_is_not_covered_up():
    tracker, now = started()
    assert tracker.update(a_fit(0.6), now + STEP).state is LOST
    back = tracker.update(a_fit(0.25), now + 2 * STEP)
    assert back.state is TRACKING and level(back) == pytest.approx(0.25, rel=0.01)


def test_a_jump_is_followed_once_it_is_confirmed_and_nothing_is_published_before():
    tracker, now = started(confirm=3)
    estimates = [tracker.update(a_fit(0.5), now + f * STEP) for f in (1, 2, 3)]
    assert [e.state for e in estimates] == [LOST, LOST, TRACKING]
    assert level(estimates[-1]) == pytest.approx(0.5)


def test_wrong_fits_that_disagree_do_not_take_over():
    tracker, now = started(confirm=3)
    for frame in range(1, 12):
        value = (0.5, 0.9, 0.1)[frame % 3]
        assert tracker.update(a_fit(value), now + frame * STEP).state is LOST
    back = tracker.update(a_fit(0.25), now + 12 * STEP)
    assert back.state is TRACKING and level(back) == pytest.approx(0.25, rel=0.01)


def test_a_contradiction_is_not_forgotten_when_references_stop():
    tracker, now = started(hold_time=5.0)
    tracker.update(a_fit(0.6), now + STEP)
    assert tracker.update(None, now + 2 * STEP).state is LOST


def test_references_that_agree_on_nothing_take_the_scale_away_until_they_do():
    tracker, now = started()
    assert tracker.update(NoFitError('too few'), now + STEP).state is TRACKING
    assert tracker.update(NoAgreementError('garbage'), now + 2 * STEP).state is LOST
    assert tracker.update(None, now + 3 * STEP).state is LOST
    assert tracker.update(a_fit(), now + 4 * STEP).state is TRACKING


def test_a_scale_is_not_held_across_a_jump_of_the_output():
    tracker, now = started()
    picture = np.linspace(1, 9, 3072).reshape(48, 64)
    assert tracker.update(None, now + STEP, picture).state is TRACKING
    assert tracker.update(None, now + 2 * STEP, picture * 1.1).state is TRACKING
    assert tracker.update(None, now + 3 * STEP, picture * 2.5).state is LOST
    assert tracker.update(None, now + 4 * STEP, picture * 2.5).state is LOST
    assert tracker.update(a_fit(), now + 5 * STEP, picture * 2.5).state is TRACKING


def test_a_jump_that_references_agree_with_is_none():
    tracker, now = started()
    picture = np.linspace(1, 9, 3072).reshape(48, 64)
    tracker.update(a_fit(), now + STEP, picture)
    assert tracker.update(a_fit(), now + 2 * STEP, picture * 2.5).state is TRACKING


def test_a_restless_scale_is_held_for_less_long():
    ages = []
    for amplitude in (0.0, 0.1):
        tracker = ScaleTracker(TrackerSettings(hold_time=10.0))
        for frame in range(50):
            value = 0.25 * math.exp(amplitude * math.sin(0.4 * frame))
            tracker.update(a_fit(value), frame * STEP)
        held = [f for f in range(120) if tracker.current((49 + f) * STEP).usable]
        ages.append(len(held) * STEP)
    assert ages[1] < 0.5 * ages[0]


def test_a_slope_alone_that_is_rejected_leaves_the_scale_in_use():
    tracker, now = started(slope_drift=0.05)
    estimate = tracker.update(a_fit(0.25, 0.09), now + STEP)
    assert estimate.state is TRACKING and estimate.a == pytest.approx(0.05)
    assert estimate.age == pytest.approx(STEP)


def test_a_scale_without_a_slope_sharpens_the_level_alone():
    tracker, now = started()
    before = tracker.current(now)
    wide = a_fit(0.26, 0.052)
    flat = AffineFit(0.052, 0.0, np.array([[4e-3, -2e-2], [-2e-2, 1e-1 + 1e-5]]), 0.7, 0.05, 200)
    assert wide.pivot == pytest.approx(flat.pivot)
    estimate = tracker.update(flat, now + STEP)
    assert estimate.state is TRACKING
    assert estimate.a == pytest.approx(before.a, rel=0.02)
    assert 0.25 < level(estimate) <= 0.26


def test_a_slope_that_nothing_determined_starts_nothing():
    tracker = ScaleTracker(TrackerSettings(confirm=1))
    unsure = AffineFit(0.05, 0.0, np.array([[0.01, -0.05], [-0.05, 0.251]]), 0.7, 0.05, 200)
    assert tracker.update(unsure, 0.0).state is WAITING


def test_reset_forgets():
    tracker, now = started()
    tracker.reset()
    assert tracker.current(now).state is WAITING and math.isnan(tracker.current(now).a)
    assert tracker.update(None, now + STEP).state is WAITING


def test_time_that_goes_back_resets():
    tracker, _ = started()
    assert tracker.update(None, 0.0).state is WAITING


def test_frozen_it_neither_moves_nor_ages():
    tracker, now = started()
    assert tracker.freeze(True)
    for frame in range(1, 5):
        tracker.update(a_fit(0.28), now + frame * STEP)
    kept = tracker.update(None, now + 1000.0)
    assert kept.state is TRACKING and level(kept) == pytest.approx(0.25)
    assert not tracker.freeze(False)
    assert tracker.current(now + 1000.0).state is LOST


def test_only_a_usable_scale_can_be_frozen():
    tracker = ScaleTracker()
    assert not tracker.freeze(True)
    assert tracker.current(0.0).state is WAITING


def test_a_held_scale_is_held_by_its_freezing():
    tracker, now = started()
    assert tracker.update(None, now + 1.0).state is HOLD
    assert tracker.freeze(True)
    assert tracker.update(None, 0.0).state is TRACKING  # a bag that starts over
    tracker.reset()
    assert tracker.current(1.0).state is WAITING


@pytest.mark.parametrize(
    'wrong',
    [{'level_drift': 0.0}, {'gate': -1.0}, {'hold_time': -1.0}, {'hold_time': math.inf},
     {'contradiction': 1.0}, {'confirm': 0}, {'max_deviation': math.nan}],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match='|'.join(wrong)):
        TrackerSettings(**wrong)
