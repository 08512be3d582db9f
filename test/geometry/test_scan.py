# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/scan.py."""

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.points import back_project
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.scan import (
    UNSEEN_SHARE,
    ScanError,
    ScanSettings,
    make_scan,
    scan_angles,
)
from depth_anything_ros.geometry.transform import camera_on_ground

LENS = Intrinsics.from_fov(160, 120, math.radians(70.0))
SETTINGS = ScanSettings(
    min_height=0.1, max_height=1.0, angle_increment=0.0125, range_min=0.2, range_max=6.0
)
LEVEL = camera_on_ground(0.5)
TILTED = camera_on_ground(0.8, roll=math.radians(10.0), pitch=math.radians(30.0))


def settings(**changed):
    return ScanSettings(**{**vars(SETTINGS), **changed})


def level_rays(lens, camera):
    """Return the directions (H, W, 3) of all pixels in the level frame, of depth 1."""
    v, u = np.mgrid[: lens.height, : lens.width]
    x, y = (u - lens.cx) / lens.fx, (v - lens.cy) / lens.fy
    return np.stack((x, y, np.ones_like(x)), -1) @ camera.rotation.T


def render(lens, camera, *surfaces, floor=True):
    """Return the depth (H, W) of upright faces and the floor, +inf elsewhere.

    A surface is (axis, place, low, high): the plane x or y = place between two heights.
    """
    rays, height = level_rays(lens, camera), camera.translation[2]
    depth = np.full(rays.shape[:2], np.inf)
    with np.errstate(divide='ignore', invalid='ignore'):
        if floor:
            t = -height / rays[..., 2]
            depth = np.where(t > 0, t, depth)
        for axis, place, low, high in surfaces:
            t = place / rays[..., 'xy'.index(axis)]
            z = height + t * rays[..., 2]
            depth = np.where((t > 0) & (t < depth) & (z >= low) & (z <= high), t, depth)
    return torch.from_numpy(depth.astype(np.float32))


def scan_of(depth, lens, camera, wanted):
    rays = rays_of(lens)
    return make_scan(back_project(depth, rays), depth == math.inf, rays, camera, wanted)


def angles(scan):
    return scan.angle_min + scan.angle_increment * np.arange(len(scan.ranges))


def within(scan, limit):
    """Return the ranges and angles of the beams up to an angle to both sides."""
    at = angles(scan)
    chosen = np.abs(at) <= limit
    return scan.ranges.numpy()[chosen], at[chosen]


def plain_scan(depth, lens, camera, wanted):
    """Make a scan pixel by pixel; return {beam: range}."""
    rays, height = level_rays(lens, camera), float(camera.translation[2])
    angle = np.arctan2(rays[..., 1], rays[..., 0])
    reach = np.hypot(rays[..., 0], rays[..., 1])
    rise = rays[..., 2] / reach

    def half(values, v, u):
        across = [abs(values[v, u] - values[v, w]) for w in (u - 1, u + 1) if 0 <= w < lens.width]
        down = [abs(values[v, u] - values[w, u]) for w in (v - 1, v + 1) if 0 <= w < lens.height]
        return 0.5 * (max(across) + max(down))

    seen = {}
    for v in range(lens.height):
        for u in range(lens.width):
            wide, high = half(angle, v, u), half(rise, v, u)
            first = math.ceil((angle[v, u] - wide) / wanted.angle_increment)
            last = math.floor((angle[v, u] + wide) / wanted.angle_increment)
            middle = round(angle[v, u] / wanted.angle_increment)
            for beam in range(min(first, middle), max(last, middle) + 1):
                seen.setdefault(beam, []).append((v, u, wide, high))
    ranges = {}
    for beam, pixels in seen.items():
        nearest, crossing, unseen, at_end, far, unseen_far = math.inf, 0, 0, [], 0, 0
        lowest = (wanted.min_height - height) / wanted.range_max
        highest = (wanted.max_height - height) / wanted.range_max
        for v, u, wide, high in pixels:
            m, z = rise[v, u], float(depth[v, u])
            ends = m + high >= lowest and m - high <= highest
            if ends:
                at_end.append((m - high, m + high, angle[v, u] - wide, angle[v, u] + wide))
            low, top = sorted(((wanted.min_height - height) / m, (wanted.max_height - height) / m))
            low, top = max(low, 0.0), min(top, wanted.range_max)
            if low >= top:
                continue
            at = z * reach[v, u]
            passed = at > top
            if low <= at <= top:
                nearest = min(nearest, at)
            crossing += 1
            unseen += not passed
            far += ends
            unseen_far += ends and not passed
        if nearest < wanted.range_min:
            ranges[beam] = -math.inf
        elif nearest < math.inf:
            ranges[beam] = nearest
        else:
            ranges[beam] = math.nan
            if far:
                ends = np.array(at_end)
                whole = ends[:, 0].min() <= lowest and ends[:, 1].max() >= highest
                middle = beam * wanted.angle_increment
                whole &= ends[:, 2].min() <= middle <= ends[:, 3].max()
                few = unseen <= UNSEEN_SHARE * crossing
                if whole and few and unseen_far <= UNSEEN_SHARE * far:
                    ranges[beam] = math.inf
    return ranges


def test_a_wall_is_as_far_as_it_is_in_every_direction():
    scan = scan_of(render(LENS, LEVEL, ('x', 3.0, 0.0, 2.0)), LENS, LEVEL, SETTINGS)
    ranges, at = within(scan, math.radians(34.0))
    assert scan.ranges.dtype == torch.float32 and len(ranges) > 90
    assert ranges == pytest.approx(3.0 / np.cos(at), rel=0.01)


def test_a_tilted_and_rolled_camera_sees_the_same_wall():
    scan = scan_of(render(LENS, TILTED, ('x', 2.0, 0.0, 2.0)), LENS, TILTED, SETTINGS)
    ranges, at = within(scan, math.radians(30.0))
    assert len(ranges) > 80
    assert ranges == pytest.approx(2.0 / np.cos(at), rel=0.015)


@pytest.mark.parametrize('camera', [LEVEL, camera_on_ground(0.8, pitch=math.radians(15.0))])
def test_a_corridor_ends_where_its_end_is_and_its_walls_are_beside(camera):
    depth = render(LENS, camera, ('y', 1.0, 0.0, 2.5), ('y', -0.8, 0.0, 2.5), ('x', 5.0, 0.0, 2.5))
    ranges, at = within(scan_of(depth, LENS, camera, SETTINGS), math.radians(30.0))
    with np.errstate(divide='ignore'):
        side = np.where(at > 0, 1.0, 0.8) / np.abs(np.sin(at))
    assert ranges == pytest.approx(np.minimum(side, 5.0 / np.cos(at)), rel=0.05)


def test_a_step_is_an_obstacle_from_the_least_height_on():
    low = scan_of(render(LENS, LEVEL, ('x', 2.0, 0.0, 0.09)), LENS, LEVEL, SETTINGS)
    assert np.isposinf(within(low, math.radians(30.0))[0]).all()
    high = scan_of(render(LENS, LEVEL, ('x', 2.0, 0.0, 0.15)), LENS, LEVEL, SETTINGS)
    ranges, at = within(high, math.radians(30.0))
    assert ranges == pytest.approx(2.0 / np.cos(at), rel=0.01)


def test_what_hangs_above_the_band_is_passed_under():
    scan = scan_of(render(LENS, LEVEL, ('x', 2.0, 1.05, 2.0)), LENS, LEVEL, SETTINGS)
    assert np.isposinf(within(scan, math.radians(30.0))[0]).all()
    scan = scan_of(render(LENS, LEVEL, ('x', 2.0, 0.9, 2.0)), LENS, LEVEL, SETTINGS)
    ranges, at = within(scan, math.radians(30.0))
    assert ranges == pytest.approx(2.0 / np.cos(at), rel=0.01)


@pytest.mark.parametrize('floor', [True, False])
@pytest.mark.parametrize('camera', [LEVEL, camera_on_ground(0.8, pitch=math.radians(15.0))])
def test_an_open_field_is_free(camera, floor):
    scan = scan_of(render(LENS, camera, floor=floor), LENS, camera, SETTINGS)
    assert np.isposinf(within(scan, math.radians(34.0))[0]).all()


def test_a_wall_beyond_the_range_is_free():
    scan = scan_of(render(LENS, LEVEL, ('x', 6.1, 0.0, 9.0)), LENS, LEVEL, SETTINGS)
    assert np.isposinf(within(scan, math.radians(34.0))[0]).all()


def test_what_is_nearer_than_the_least_range_is_minus_infinity():
    near = scan_of(render(LENS, LEVEL, ('x', 0.15, 0.0, 2.0)), LENS, LEVEL, SETTINGS)
    assert np.isneginf(within(near, math.radians(30.0))[0]).all()


@pytest.mark.parametrize(('height', 'expected'), [(0.4, -math.inf), (1.2, math.nan)])
def test_what_is_too_close_to_say_is_minus_infinity_if_the_lens_is_in_the_band(height, expected):
    camera, rays = camera_on_ground(height), rays_of(LENS)
    depth = render(LENS, camera, ('x', 3.0, 0.0, 2.0))
    depth[:, 80:] = -math.inf
    points = back_project(depth, rays)
    scan = make_scan(points, depth == math.inf, rays, camera, SETTINGS, depth == -math.inf)
    ranges, at = within(scan, math.radians(30.0))
    assert np.array_equal(ranges[at < -0.03], np.full((at < -0.03).sum(), expected), True)
    assert ranges[at > 0.03] == pytest.approx(3.0 / np.cos(at[at > 0.03]), rel=0.02)


def test_nothing_known_is_unknown():
    scan = scan_of(torch.full((120, 160), math.nan), LENS, LEVEL, SETTINGS)
    assert len(scan.ranges) > 90 and torch.isnan(scan.ranges).all()
    scan = scan_of(torch.full((120, 160), -math.inf), LENS, LEVEL, SETTINGS)
    assert torch.isnan(scan.ranges).all()


def test_a_floor_that_ends_in_the_unknown_frees_nothing():
    depth = render(LENS, LEVEL)
    depth[depth > 2.0] = math.nan
    assert torch.isnan(scan_of(depth, LENS, LEVEL, SETTINGS).ranges).all()


def test_a_camera_that_looks_down_claims_nothing_beyond_its_view():
    camera = camera_on_ground(0.8, pitch=math.radians(50.0))
    # Its highest ray meets the floor at 0.8 / tan(50 - 27.7 degrees) = 1.95 m.
    depth = render(LENS, camera)
    assert torch.isfinite(depth).all()
    assert torch.isnan(scan_of(depth, LENS, camera, SETTINGS).ranges).all()
    near = settings(range_max=0.8, max_height=0.4)
    assert np.isposinf(within(scan_of(depth, LENS, camera, near), 0.4)[0]).all()


def test_what_the_upper_part_of_the_band_hides_is_unknown():
    # 1 m up, looking 20 degrees down: at 6 m the highest ray is at 1.8 m, but 2 m are asked for.
    camera = camera_on_ground(1.0, pitch=math.radians(20.0))
    depth = render(LENS, camera)
    assert torch.isnan(scan_of(depth, LENS, camera, settings(max_height=2.0)).ranges).all()
    assert np.isposinf(within(scan_of(depth, LENS, camera, SETTINGS), 0.5)[0]).all()


def test_below_a_lens_above_the_band_a_table_hides_what_is_under_it():
    camera = camera_on_ground(1.5, pitch=math.radians(20.0))
    depth = render(LENS, camera)
    assert np.isposinf(within(scan_of(depth, LENS, camera, SETTINGS), 0.5)[0]).all()
    # A board from 1.1 m up, 0.5 m before the lens: above the band, but in the way of all rays.
    hidden = render(LENS, camera, ('x', 0.5, 1.05, 2.5))
    assert torch.isnan(scan_of(hidden, LENS, camera, SETTINGS).ranges).any()
    ranges, _ = within(scan_of(hidden, LENS, camera, SETTINGS), 0.3)
    assert not np.isposinf(ranges).any()


def test_a_few_unknown_pixels_do_not_hide_free_space_but_many_do():
    depth = render(LENS, LEVEL)
    sparse = depth.clone()
    sparse[::16] = math.nan
    assert np.isposinf(within(scan_of(sparse, LENS, LEVEL, SETTINGS), 0.5)[0]).all()
    columns = depth.clone()
    columns[60:, 40:80] = math.nan
    ranges, at = within(scan_of(columns, LENS, LEVEL, SETTINGS), 0.55)
    unknown = np.arctan((LENS.cx - np.array([40, 80]) + 0.5) / LENS.fx)
    inner = (at < unknown[0] - 0.02) & (at > unknown[1] + 0.02)
    outer = (at > unknown[0] + 0.02) | (at < unknown[1] - 0.02)
    assert inner.sum() > 15 and np.isnan(ranges[inner]).all()
    assert outer.sum() > 15 and np.isposinf(ranges[outer]).all()


def test_unknown_pixels_where_the_band_is_far_count_for_themselves():
    # Near floor makes up most rays of this beam, so that a share of all would not notice.
    lens = Intrinsics(40, 120, 60.0, 60.0, 20.0, 10.0)
    depth = render(lens, LEVEL)
    assert np.isposinf(within(scan_of(depth, lens, LEVEL, SETTINGS), 0.2)[0]).all()
    depth[9:13] = math.nan
    assert np.isnan(within(scan_of(depth, lens, LEVEL, SETTINGS), 0.2)[0]).all()


def test_an_obstacle_beside_unknown_pixels_keeps_its_range():
    depth = render(LENS, LEVEL, ('x', 3.0, 0.0, 2.0))
    depth[:70] = math.nan
    ranges, at = within(scan_of(depth, LENS, LEVEL, SETTINGS), math.radians(30.0))
    assert ranges == pytest.approx(3.0 / np.cos(at), rel=0.01)


@pytest.mark.parametrize('camera', [LEVEL, TILTED])
@pytest.mark.parametrize('increment', [0.0005, 0.003, 0.02, 0.1])
def test_increments_finer_than_the_pixels_leave_no_gaps(camera, increment):
    depth = render(LENS, camera, ('x', 2.0, 0.0, 2.0))
    scan = scan_of(depth, LENS, camera, settings(angle_increment=increment))
    ranges, at = within(scan, math.radians(30.0))
    assert np.isfinite(ranges).all()
    assert ranges == pytest.approx(2.0 / np.cos(at), rel=0.012 + 0.4 * increment)


@pytest.mark.parametrize('increment', [0.004, 0.01])
def test_a_low_box_seen_from_above_has_no_holes(increment):
    camera = camera_on_ground(1.0, pitch=math.radians(35.0))
    # Of its face only a few rows, which are farther apart at its sides than a beam is wide.
    depth = render(LENS, camera, ('x', 0.9, 0.0, 0.13), ('x', 4.0, 0.0, 3.0))
    ranges, at = within(scan_of(depth, LENS, camera, settings(angle_increment=increment)), 0.6)
    assert ranges == pytest.approx(0.9 / np.cos(at), rel=0.03)


@pytest.mark.parametrize('increment', [0.01, 0.04, 0.15])
@pytest.mark.parametrize(
    'camera', [LEVEL, TILTED, camera_on_ground(0.05), camera_on_ground(1.3, pitch=0.3)]
)
def test_agrees_with_plain_loops(camera, increment):
    lens = Intrinsics(24, 18, 17.3, 16.1, 11.2, 8.7)
    wanted = settings(angle_increment=increment)
    rng = np.random.default_rng(5)
    for share in (0.0, 0.05, 0.5):
        depth = render(lens, camera, ('y', 2.0, 0.2, 2.5), ('x', 4.0, 0.0, 0.6))
        depth *= torch.from_numpy(rng.uniform(0.9, 1.1, depth.shape).astype(np.float32))
        for value in (math.nan, math.inf):
            depth[torch.from_numpy(rng.uniform(size=depth.shape) < share)] = value
        scan = scan_of(depth, lens, camera, wanted)
        expected = plain_scan(depth, lens, camera, wanted)
        first = round(scan.angle_min / increment)
        assert sorted(expected)[0] == first and len(scan.ranges) == max(expected) - first + 1
        made = scan.ranges.tolist()
        for beam, value in expected.items():
            assert made[beam - first] == pytest.approx(value, rel=1e-4, nan_ok=True)


def test_angles_are_those_of_the_field_of_view():
    angle_min, count = scan_angles(LENS, LEVEL, SETTINGS)
    angle_max = angle_min + SETTINGS.angle_increment * (count - 1)
    assert angle_min == pytest.approx(-math.radians(35.0), abs=0.013)
    assert angle_max == pytest.approx(math.radians(35.0), abs=0.013)
    assert angle_min / SETTINGS.angle_increment == pytest.approx(
        round(angle_min / SETTINGS.angle_increment)
    )
    scan = scan_of(render(LENS, LEVEL), LENS, LEVEL, SETTINGS)
    assert (scan.angle_min, len(scan.ranges)) == (angle_min, count)


def test_a_tilted_camera_scans_to_its_lower_corners():
    camera = camera_on_ground(0.8, pitch=math.radians(30.0))
    corner = level_rays(LENS, camera)[-1, 0]
    angle_min, count = scan_angles(LENS, camera, SETTINGS)
    angle_max = angle_min + SETTINGS.angle_increment * (count - 1)
    assert angle_max == pytest.approx(math.atan2(corner[1], corner[0]), abs=0.02)


def test_a_camera_that_looks_straight_down_scans_all_round():
    camera = camera_on_ground(2.0, pitch=math.pi / 2)
    depth = render(LENS, camera, ('y', 0.5, 0.0, 0.5))
    scan = scan_of(depth, LENS, camera, SETTINGS)
    assert abs(scan.angle_min) <= math.pi and len(scan.ranges) > 500
    assert scan.angle_min + SETTINGS.angle_increment * (len(scan.ranges) - 1) <= math.pi
    left = np.abs(angles(scan) - math.pi / 2) < 0.3
    expected = 0.5 / np.sin(angles(scan)[left])
    assert scan.ranges.numpy()[left] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize('width, height', [(1, 1), (1, 7), (5, 1), (2, 2)])
def test_tiny_pictures_have_scans(width, height):
    lens = Intrinsics(width, height, 5.0, 5.0, (width - 1) / 2, (height - 1) / 2)
    scan = scan_of(torch.full((height, width), 2.0), lens, LEVEL, SETTINGS)
    middle = round(-scan.angle_min / SETTINGS.angle_increment)
    assert scan.ranges[middle].item() == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize(
    'changed',
    [
        {'min_height': 1.0},
        {'max_height': math.nan},
        {'range_min': -0.1},
        {'range_min': 6.0},
        {'range_max': math.inf},
        {'angle_increment': 0.0},
    ],
)
def test_refuses_settings_that_mean_nothing(changed):
    with pytest.raises(ScanError, match='give'):
        settings(**changed)


def test_refuses_sizes_that_do_not_agree():
    rays = rays_of(LENS)
    with pytest.raises(ScanError, match='one picture'):
        make_scan(torch.zeros(5, 4, 3), torch.zeros(5, 4, dtype=bool), rays, LEVEL, SETTINGS)
