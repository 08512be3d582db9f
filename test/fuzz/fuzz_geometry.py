# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth of any value, and what geometry makes of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from fuzzing import ODD_FLOATS, Target, odd_floats, refused
from hypothesis import strategies as st

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.affine import NoFitError, fit_affine_disparity
from depth_anything_ros.geometry.decimation import REDUCTIONS, DecimationError, decimate
from depth_anything_ros.geometry.distortion import Distortion, DistortionError
from depth_anything_ros.geometry.edges import EdgeSettings, flying_pixels, without_flying_pixels
from depth_anything_ros.geometry.intrinsics import Intrinsics, IntrinsicsError
from depth_anything_ros.geometry.obstacles import ObstacleError, ObstacleSettings, find_obstacles
from depth_anything_ros.geometry.points import back_project, cleared, pack
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.scale import ScaleError, ScaleEstimate, apply_scale
from depth_anything_ros.geometry.scan import ScanSettings, make_scan, scan_angles
from depth_anything_ros.geometry.sky import far_disparity, mark_far
from depth_anything_ros.geometry.transform import Transform, TransformError, camera_on_ground
from depth_anything_ros.media.color import COLOR_MAPS, colorize

SHAPES = ((1, 1), (1, 2), (2, 1), (1, 17), (17, 1), (3, 3), (6, 8), (24, 32))
FLOATS = st.one_of(
    st.floats(0.2, 12.0), st.sampled_from(ODD_FLOATS), st.floats(width=32), odd_floats(2.0)
)


@st.composite
def depths(draw: st.DrawFn) -> torch.Tensor:
    """Return depth (H, W) float32: a ramp or noise, with odd values in some or all places."""
    height, width = draw(st.sampled_from(SHAPES))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    base = draw(st.sampled_from(('ramp', 'noise', 'flat', 'odd')))
    if base == 'ramp':
        values = np.linspace(0.3, 9.0, height * width)
    elif base == 'noise':
        values = rng.uniform(0.1, 10.0, height * width)
    else:
        values = np.full(height * width, 2.0 if base == 'flat' else draw(FLOATS))
    some = draw(st.lists(FLOATS, max_size=5))
    for value in some:
        values[rng.random(values.size) < draw(st.sampled_from((0.02, 0.3)))] = value
    with np.errstate(over='ignore'):
        return torch.from_numpy(values.astype(np.float32).reshape(height, width))


CAMERA = st.tuples(
    st.sampled_from((0.05, 0.4, 1.2, 60.0)),
    st.floats(-math.pi, math.pi),
    st.floats(-math.pi / 2, math.pi / 2),
)


def _camera(depth: torch.Tensor) -> Intrinsics:
    height, width = depth.shape
    focal = 0.8 * max(width, height)
    return Intrinsics(width, height, focal, focal, width / 2, height / 2)


def _check_points(depth: torch.Tensor) -> bool:
    intrinsics = _camera(depth)
    rays = rays_of(intrinsics)
    points = back_project(depth, rays).numpy()
    z = depth.numpy()
    known = np.isfinite(z) & (z > 0)
    assert (np.isfinite(points[..., 2]) == known).all()
    assert (np.isnan(points).all(-1) == ~known).all()
    rows, columns = np.nonzero(known)
    x = (columns - intrinsics.cx) / intrinsics.fx * z[known].astype(np.float64)
    y = (rows - intrinsics.cy) / intrinsics.fy * z[known].astype(np.float64)
    np.testing.assert_allclose(points[known][:, 0], x, rtol=1e-5, atol=1e-44)
    np.testing.assert_allclose(points[known][:, 1], y, rtol=1e-5, atol=1e-44)
    packed = pack(torch.from_numpy(points), np.zeros((*z.shape, 3), np.uint8))
    assert packed.data.shape == (*z.shape, 4)
    free = cleared(depth, rays, 8.0).numpy()
    assert (np.isnan(free) == np.isnan(z)).all() and not (free > 8.0).any()
    return bool(known.any())


def _check_edges(depth: torch.Tensor) -> bool:
    before = depth.clone()
    clean = without_flying_pixels(depth, EdgeSettings(spacing=1 + depth.shape[1] % 3))
    flying = flying_pixels(depth, EdgeSettings(spacing=1 + depth.shape[1] % 3))
    assert torch.equal(depth.view(torch.int32), before.view(torch.int32)), 'the input was changed'
    assert torch.equal(clean.flying, flying) and flying.shape == depth.shape
    kept = ~flying
    assert torch.equal(clean.values[kept].view(torch.int32), depth[kept].view(torch.int32))
    assert bool(clean.values[flying].isnan().all())
    assert 0 <= clean.removed <= 1
    assert not bool(flying[depth.isnan()].any())
    return True


def _check_scan(case: tuple[torch.Tensor, tuple[float, float, float]]) -> bool:
    depth, (height, roll, pitch) = case
    rays = rays_of(_camera(depth))
    points = back_project(depth, rays)
    camera, settings = camera_on_ground(height, roll, pitch), ScanSettings()
    close = torch.isneginf(depth)
    scan = make_scan(points, torch.isposinf(depth), rays, camera, settings, close)
    ranges = scan.ranges.numpy()
    finite = ranges[np.isfinite(ranges)]
    assert ((finite >= settings.range_min) & (finite <= settings.range_max * (1 + 1e-5))).all()
    first, count = scan_angles(_camera(depth), camera, settings)
    assert ranges.shape == (count,) and scan.angle_min == first
    if bool(torch.isnan(points).all()) and not bool((torch.isposinf(depth) | close).any()):
        assert np.isnan(ranges).all(), 'free space from nothing'
    return bool(finite.size)


OBSTACLES = st.fixed_dictionaries(
    {},
    optional={
        'min_height': odd_floats(0.1),
        'max_height': odd_floats(2.0),
        'ground_slope': odd_floats(0.05),
        'min_range': odd_floats(0.1),
        'max_range': odd_floats(8.0),
        'voxel': odd_floats(0.05, 0.001),
        'min_points': st.integers(-1, 1000),
        'max_points': st.integers(-1, 10**6),
    },
)


def _check_obstacles(case: tuple[torch.Tensor, tuple[float, float, float], dict[str, Any]]) -> bool:
    depth, (height, roll, pitch), values = case
    settings, bad = refused(lambda: ObstacleSettings(**values), ObstacleError)
    if bad:
        return False
    points = back_project(depth, rays_of(_camera(depth)))
    camera = camera_on_ground(height, roll, pitch)
    found = find_obstacles(points, camera, settings, pitch=0.02)
    assert len(found.points) == len(found.heights) <= min(settings.max_points, depth.numel())
    if len(found.points):
        assert bool(found.points.isfinite().all())
        level = found.points.double() @ torch.from_numpy(camera.rotation).T
        distance = torch.hypot(level[:, 0], level[:, 1])
        slack = 1e-4 * (1 + distance + found.heights.abs())
        assert bool((found.heights <= settings.max_height + slack).all())
        assert bool((distance <= settings.max_range + slack).all())
        assert bool((distance >= settings.min_range - slack).all())
        assert bool((found.heights >= settings.min_height - slack).all())
    again = find_obstacles(points, camera, settings, pitch=0.02)
    assert torch.equal(again.points, found.points)
    return bool(len(found.points))


def _check_filters(case: tuple[torch.Tensor, str, float, float]) -> bool:
    depth, colours, a, b = case
    far = far_disparity(depth)
    assert not bool(far[depth.isnan()].any()) and far.shape == depth.shape
    marked = mark_far(depth.clone(), 10.0, 0.99)
    below = depth < 9.9
    assert torch.equal(marked[below].view(torch.int32), depth[below].view(torch.int32))
    assert bool(torch.isposinf(marked[depth >= 9.9]).all())
    for kind in DepthKind:
        with np.errstate(all='ignore'):
            painted = colorize(depth.numpy(), kind, colours)
        assert painted.shape == (*depth.shape, 3) and painted.dtype == np.uint8
        assert (painted[np.isnan(depth.numpy())] == 0).all()
    for reduce in REDUCTIONS:
        small, bad = refused(lambda how=reduce: decimate(depth, 2, 2, how), DecimationError)
        assert bad == (min(depth.shape) < 2)
        assert bad or small.shape == (depth.shape[0] // 2, depth.shape[1] // 2)
    estimate, bad = refused(lambda: ScaleEstimate.fixed(a, b), ScaleError)
    if bad:
        return False
    metres = apply_scale(depth, estimate, 100.0)
    told = metres[metres.isfinite()]
    assert bool((told > 0).all()) and bool((told <= 100.0).all())
    assert bool(metres[depth.isnan()].isnan().all())
    return True


@st.composite
def _pairs(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Return disparities and depths, of one scale but for some odd ones."""
    d = np.random.default_rng(draw(st.integers(0, 2**16))).uniform(0.1, 5.0, 50)
    a, b = draw(st.sampled_from((0.1, 1.0, 1e-3, 1e3))), draw(st.sampled_from((0.0, 0.01)))
    pairs = [*zip(d, 1 / (a * d + b), strict=True)]
    odd = draw(st.lists(st.tuples(FLOATS, FLOATS), max_size=30))
    return odd + pairs[: draw(st.sampled_from((50, 50, 30, 2, 0)))]


def _check_fit(pairs: list[tuple[float, float]]) -> bool:
    d, z = np.array(pairs, np.float64).reshape(-1, 2).T
    with np.errstate(all='ignore'):
        fit, bad = refused(lambda: fit_affine_disparity(d, z), NoFitError)
    if bad:
        return False
    assert fit.a > 0 and math.isfinite(fit.a) and math.isfinite(fit.b)
    assert 0 < fit.inlier_share <= 1 and fit.count <= len(pairs)
    return True


LENS = st.tuples(
    st.sampled_from(('plumb_bob', 'rational_polynomial', 'equidistant', '', 'none')),
    st.lists(odd_floats(0.0, 0.1, -0.3), max_size=15),
    st.tuples(*[odd_floats(20.0, 16.0) for _ in range(4)]),
)


def _check_lens(case: tuple[str, list[float], tuple[float, ...]]) -> bool:
    model, coefficients, (fx, fy, cx, cy) = case
    lens, bad = refused(lambda: Distortion(model, tuple(coefficients)), DistortionError)
    x, y = np.meshgrid(np.linspace(-1.5, 1.5, 7), np.linspace(-1, 1, 5))
    if not bad:
        with np.errstate(all='ignore'):
            u, v = lens.undistort(x, y)
            a, b = lens.distort(u, v)
        known = np.isfinite(u) & np.isfinite(v)
        np.testing.assert_allclose(a[known], x[known], atol=1e-6)
        np.testing.assert_allclose(b[known], y[known], atol=1e-6)
    refused(lambda: Intrinsics(32, 24, fx, fy, cx, cy), IntrinsicsError)
    return not bad


TRANSFORM = st.tuples(
    st.tuples(*[odd_floats(0.0, 1.0) for _ in range(4)]),
    st.tuples(*[odd_floats(0.0) for _ in range(3)]),
)


def _check_transform(case: tuple[tuple[float, ...], tuple[float, ...]]) -> bool:
    with np.errstate(all='ignore'):
        where, bad = refused(lambda: Transform.from_quaternion(*case), TransformError)
    if bad:
        return False
    np.testing.assert_allclose(where.rotation @ where.rotation.T, np.eye(3), atol=1e-5)
    return True


NUMBERS = st.tuples(odd_floats(1.0), odd_floats(0.0))

TARGETS = [
    Target('points of odd depth', depths(), _check_points, 5),
    Target('edges of odd depth', depths(), _check_edges, 4),
    Target('scan of odd depth', st.tuples(depths(), CAMERA), _check_scan, 4),
    Target('obstacles of odd depth', st.tuples(depths(), CAMERA, OBSTACLES), _check_obstacles, 4),
    Target(
        'filters, scale and colours of odd depth',
        st.tuples(depths(), st.sampled_from(COLOR_MAPS), NUMBERS).map(lambda c: (*c[:2], *c[2])),
        _check_filters,
        4,
    ),
    Target('scale from odd references', _pairs(), _check_fit, 3),
    Target('lenses of odd coefficients', LENS, _check_lens, 3),
    Target('odd transforms', TRANSFORM, _check_transform, 2),
]
