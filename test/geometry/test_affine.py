# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The robust affine fit in disparity."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.geometry.affine import (
    AffineSettings,
    NoFitError,
    fit_affine_disparity,
    pivot_of,
)

A, B = 0.04, -0.03


def references(count=200, outliers=0.0, noise=0.0, seed=0, near=1.0, far=9.0):
    """Return disparities, noisy depths with a share of outliers, and the true depths."""
    rng = np.random.default_rng(seed)
    true = rng.uniform(near, far, count)
    d = (1 / true - B) / A
    z = true * (1 + noise * rng.normal(size=count))
    wrong = rng.permutation(count)[: round(outliers * count)]
    z[wrong] = rng.uniform(0.5, 20.0, len(wrong))
    return d, z, true


def test_exact_references_give_the_exact_map():
    d, z, _ = references()
    fit = fit_affine_disparity(d, z)
    assert (fit.a, fit.b) == pytest.approx((A, B), rel=1e-9)
    assert (fit.inlier_share, fit.count) == (1.0, 200)
    assert fit.residual < 1e-9


@pytest.mark.parametrize('outliers', [0.3, 0.5])
@pytest.mark.parametrize('seed', range(8))
def test_outliers_do_not_move_it(outliers, seed):
    d, z, true = references(outliers=outliers, noise=0.03, seed=seed)
    fit = fit_affine_disparity(d, z)
    error = np.abs(1 / (fit.a * d + fit.b) / true - 1)
    assert np.mean(error) < 0.05
    assert fit.inlier_share > 0.95 * (1 - outliers)


def test_without_outliers_it_is_weighted_least_squares():
    d, z, _ = references(noise=0.02, seed=3)
    settings = AffineSettings(noise=0.1, noise_per_metre=0.05, gate=1000.0)
    weight = z / (0.1 + 0.05 * z)
    design = np.stack((d, np.ones_like(d)), axis=1) * weight[:, None]
    expected = np.linalg.lstsq(design, weight / z, rcond=None)[0]
    fit = fit_affine_disparity(d, z, settings)
    assert (fit.a, fit.b) == pytest.approx(tuple(expected), rel=1e-6)


def test_the_covariance_is_that_of_repeated_fits():
    settings = AffineSettings(noise=0.03, noise_per_metre=0.0, gate=5.0, independent=1e9)
    fits = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        true = np.linspace(1, 9, 100)
        y = 1 / true * (1 + 0.03 * rng.normal(size=100))
        fits.append(fit_affine_disparity((1 / true - B) / A, 1 / y, settings))
    measured = np.cov(np.array([(fit.a, fit.b) for fit in fits]).T)
    told = np.mean([fit.covariance for fit in fits], axis=0)
    assert told == pytest.approx(measured, rel=0.25)


def test_neighbours_that_err_alike_do_not_sharpen_the_covariance():
    few, many = (fit_affine_disparity(*references(n, noise=0.05)[:2]) for n in (200, 3200))
    assert many.covariance[0, 0] == pytest.approx(few.covariance[0, 0], rel=0.4)


def test_slope_and_level_are_uncorrelated_at_the_pivot():
    d, z, _ = references(noise=0.02)
    fit = fit_affine_disparity(d, z)
    c = fit.covariance
    assert c[0, 0] * fit.pivot + c[0, 1] == pytest.approx(0, abs=1e-12)
    assert d.min() < fit.pivot < d.max()
    assert pivot_of(np.zeros((2, 2))) == 0.0


def test_a_wall_alone_gives_a_scale_with_an_unsure_slope():
    rng = np.random.default_rng(0)
    d = 5.0 + 0.01 * rng.normal(size=100)
    z = 2.0 * (1 + 0.02 * rng.normal(size=100))
    fit = fit_affine_disparity(d, z)
    assert fit.b == 0.0
    assert fit.a * 5.0 == pytest.approx(0.5, rel=0.02)
    assert np.sqrt(fit.covariance[0, 0]) > 0.3 * fit.a
    level = np.array([5.0, 1.0])
    assert np.sqrt(level @ fit.covariance @ level) < 0.05 * 0.5


def test_a_constant_disparity_gives_a_scale_too():
    fit = fit_affine_disparity(np.full(50, 4.0), np.full(50, 2.0))
    assert (fit.a, fit.b) == pytest.approx((0.125, 0.0))
    assert np.isfinite(fit.covariance).all()


def test_the_same_input_gives_the_same_fit():
    d, z, _ = references(outliers=0.4, noise=0.05)
    first, second = (fit_affine_disparity(d, z) for _ in range(2))
    assert (first.a, first.b) == (second.a, second.b)


def test_a_negative_shift_and_any_unit_of_the_network_are_fine():
    d, z, _ = references(noise=0.01)
    fit = fit_affine_disparity(d, z)
    for unit in (1e-4, 1e5):
        scaled = fit_affine_disparity(d * unit, z)
        assert (scaled.a * unit, scaled.b) == pytest.approx((fit.a, fit.b), rel=1e-6)


def test_what_is_no_measurement_is_left_out():
    d, z, _ = references()
    z[:20], z[20:40], d[40:60] = np.nan, -1.0, np.inf
    z[60], z[61] = np.inf, 0.0
    fit = fit_affine_disparity(d, z)
    assert fit.count == 138
    assert (fit.a, fit.b) == pytest.approx((A, B))


@pytest.mark.parametrize('count', [0, 1, 29])
def test_too_few_are_counted(count):
    d, z, _ = references()
    with pytest.raises(NoFitError, match=f'{count} references, 30 are needed'):
        fit_affine_disparity(d[:count], z[:count])


@pytest.mark.parametrize('seed', range(5))
def test_references_without_relation_are_refused(seed):
    rng = np.random.default_rng(seed)
    with pytest.raises(NoFitError, match='agree'):
        fit_affine_disparity(rng.uniform(1, 20, 200), np.exp(rng.uniform(-1, 3, 200)))


def test_depth_in_place_of_disparity_is_refused():
    z = np.linspace(1, 9, 100)
    with pytest.raises(NoFitError):
        fit_affine_disparity(z, z)


def test_disparities_that_are_not_positive_have_no_scale_alone():
    with pytest.raises(NoFitError, match='span'):
        fit_affine_disparity(np.full(40, -1.0), np.full(40, 2.0))


@pytest.mark.parametrize(
    'wrong',
    [{'noise': 0.0}, {'noise_per_metre': -1.0}, {'gate': float('nan')}, {'min_points': 1},
     {'min_inlier_share': 0.0}, {'min_inlier_share': 1.5}, {'hypotheses': 0}],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match='give|at least'):
        AffineSettings(**wrong)
