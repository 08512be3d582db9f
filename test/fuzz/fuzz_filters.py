# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth of any value through the filters, and the ground that is looked for in it."""

from __future__ import annotations

import math

import numpy as np
import torch
from fuzz_geometry import CAMERA, depths
from fuzzing import Target, refused
from hypothesis import strategies as st

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.affine import NoFitError
from depth_anything_ros.geometry.ground import fit_ground_plane
from depth_anything_ros.geometry.ground_scale import fit_ground
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.points import back_project
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.refine import RefineError, refine
from depth_anything_ros.geometry.temporal import TemporalFilter, TemporalSettings
from depth_anything_ros.geometry.transform import camera_on_ground

KINDS = st.sampled_from(list(DepthKind))


def _same_specials(before: torch.Tensor, after: torch.Tensor) -> None:
    """Check that what was no depth is none, and the other way round."""
    assert after.shape == before.shape and after.dtype == torch.float32
    for special in (torch.isnan, torch.isposinf, torch.isneginf):
        assert torch.equal(special(before), special(after)), special.__name__


def _picture(depth: torch.Tensor, seed: int) -> np.ndarray:
    shape = (depth.shape[0] + seed % 3, depth.shape[1] + seed % 2, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def _check_refined(case: tuple[torch.Tensor, DepthKind, int]) -> bool:
    depth, kind, seed = case
    refined, bad = refused(lambda: refine(depth, _picture(depth, seed), kind), RefineError)
    if bad:
        return False
    _same_specials(depth, refined)
    used = depth.isfinite() & (depth > 0 if kind is DepthKind.METRIC else depth >= 0)
    # Sums of what is nearly the largest number overflow; no network gives that.
    sane = ~used | (depth < 1e30) & ((depth > 1e-30) | (depth == 0))
    if bool(used.any()) and bool(sane.all()):
        low, high = depth[used].min(), depth[used].max()
        assert bool((refined[used] >= low * (1 - 1e-5)).all())
        assert bool((refined[used] <= high * (1 + 1e-5)).all())
    return True


def _check_temporal(case: tuple[list[torch.Tensor], DepthKind, int]) -> bool:
    frames, kind, seed = case
    smooth = TemporalFilter(TemporalSettings(strength=0.8), kind)
    for number, depth in enumerate(frames):
        filtered = smooth(depth.clone(), _picture(depth, seed + number // 2))
        sound = depth.abs() < 1e30
        if bool((sound | ~depth.isfinite()).all()):
            _same_specials(depth, filtered)
        assert bool(filtered[depth.isnan()].isnan().all())
    return True


def _check_ground(case: tuple[torch.Tensor, tuple[float, float, float]]) -> bool:
    depth, (height, roll, pitch) = case
    rows, columns = depth.shape
    focal = 0.8 * max(depth.shape)
    intrinsics = Intrinsics(columns, rows, focal, focal, columns / 2, rows / 2)
    camera = camera_on_ground(height, roll, pitch)
    with np.errstate(all='ignore'):
        plane = fit_ground_plane(back_project(depth, rays_of(intrinsics)), camera)
        fit, bad = refused(lambda: fit_ground(depth, camera, intrinsics), NoFitError)
    assert plane.reason or plane.plane is not None
    assert 0 <= plane.inlier_share <= 1
    if plane.plane is not None:
        normal, offset = plane.plane.seen_from(camera)
        assert math.isclose(float(np.linalg.norm(normal)), 1.0, abs_tol=1e-4)
        assert math.isfinite(offset)
    if not bad:
        assert fit.a > 0 and math.isfinite(fit.a) and math.isfinite(fit.b)
    return plane.plane is not None or not bad


@st.composite
def _floors(draw: st.DrawFn) -> tuple[torch.Tensor, tuple[float, float, float]]:
    """Return depth of a floor, or its disparity, and the pose it is seen from."""
    if draw(st.booleans()):
        return draw(st.tuples(depths(), CAMERA))
    pose = draw(st.sampled_from(((0.4, 0.0, 0.2), (1.2, 0.1, 0.5), (1.2, 0.0, 0.0))))
    rays = rays_of(Intrinsics(32, 24, 25.6, 25.6, 16.0, 12.0)).slopes
    camera = camera_on_ground(*pose)
    a, b, c = camera.rotation[2]
    down = -(a * rays[0] + b * rays[1] + c)
    depth = torch.where(down > 0.01, pose[0] / down, torch.inf).float()
    some = draw(depths().filter(lambda odd: odd.shape == (24, 32)) | st.none())
    if some is not None:
        depth[::4, ::4] = some[::4, ::4]
    return (depth if draw(st.booleans()) else 1 / depth), pose


TARGETS = [
    Target(
        'refinement of odd depth', st.tuples(depths(), KINDS, st.integers(0, 99)), _check_refined, 3
    ),
    Target(
        'temporal filter over odd depth',
        st.tuples(st.lists(depths(), min_size=1, max_size=4), KINDS, st.integers(0, 99)),
        _check_temporal,
        3,
    ),
    Target('ground in odd depth', _floors(), _check_ground, 3),
]
