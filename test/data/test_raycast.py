# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ray hits against an independent float64 implementation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_anything_ros.data import raycast
from depth_anything_ros.data.primitives import random_rotation

INF = float('inf')


def box_entry(o: np.ndarray, d: np.ndarray) -> float:
    """Return the entry t of one ray into [-1, 1]^3: try each face's plane, keep hits inside it."""
    if (np.abs(o) <= 1).all():
        return INF
    hits = []
    for axis in range(3):
        for side in (-1.0, 1.0):
            if d[axis] != 0:
                t = (side - o[axis]) / d[axis]
                others = np.delete(o + t * d, axis)
                if t > 0 and (np.abs(others) <= 1).all():
                    hits.append(t)
    return min(hits, default=INF)


def sphere_entry(o: np.ndarray, d: np.ndarray) -> float:
    """Return the entry t of one ray into the unit sphere, by the polynomial's roots."""
    if o @ o <= 1:
        return INF
    roots = np.roots([d @ d, 2 * o @ d, o @ o - 1])
    real = roots[np.abs(roots.imag) < 1e-12].real
    return min(real[real > 0], default=INF)


def cylinder_entry(o: np.ndarray, d: np.ndarray) -> float:
    """Return the entry t of one ray into the unit cylinder: mantle and caps one by one."""
    if o[:2] @ o[:2] <= 1 and abs(o[2]) <= 1:
        return INF
    hits = []
    if d[:2].any():
        roots = np.roots([d[:2] @ d[:2], 2 * o[:2] @ d[:2], o[:2] @ o[:2] - 1])
        for t in roots[np.abs(roots.imag) < 1e-12].real:
            if t > 0 and abs(o[2] + t * d[2]) <= 1:
                hits.append(t)
    if d[2] != 0:
        for cap in (-1.0, 1.0):
            t = (cap - o[2]) / d[2]
            point = o[:2] + t * d[:2]
            if t > 0 and point @ point <= 1:
                hits.append(t)
    return min(hits, default=INF)


KINDS = [
    (raycast.hit_boxes, box_entry),
    (raycast.hit_spheres, sphere_entry),
    (raycast.hit_cylinders, cylinder_entry),
]
NAMES = ['box', 'sphere', 'cylinder']


def hit(function, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Call a hit function with (P, 3) rays in float32."""
    parts = [torch.from_numpy(a.astype(np.float32)).unbind(-1) for a in (origins, directions)]
    return function(*parts[0], *parts[1]).numpy()


def assert_same_hits(found: np.ndarray, expected: np.ndarray, share: float = 0.005) -> None:
    """Compare entries; of grazing rays, where rounding decides, a small share may differ."""
    agree = np.isclose(found, expected, rtol=2e-4, atol=2e-4) | (
        np.isinf(found) & np.isinf(expected)
    )
    assert agree.mean() >= 1 - share, np.flatnonzero(~agree)


@pytest.mark.parametrize(('function', 'entry'), KINDS, ids=NAMES)
def test_random_rays_enter_where_an_independent_solution_says(function, entry):
    rng = np.random.default_rng(0)
    origins = rng.normal(0, 2.5, (2000, 3))
    targets = rng.uniform(-1.3, 1.3, (2000, 3))
    directions = (targets - origins) * rng.uniform(0.1, 3, (2000, 1))

    found = hit(function, origins, directions)

    expected = np.array([entry(o, d) for o, d in zip(origins, directions, strict=True)])
    assert 0.3 < np.isfinite(expected).mean() < 0.95
    assert_same_hits(found, expected)


@pytest.mark.parametrize(('function', 'entry'), KINDS, ids=NAMES)
def test_rays_from_inside_or_away_miss(function, entry):
    rng = np.random.default_rng(1)
    inside = rng.uniform(-0.5, 0.5, (100, 3))
    outside = np.array([3.0, 0.2, -0.1]) + rng.uniform(-0.5, 0.5, (100, 3))
    away = outside * rng.uniform(0.5, 1, (100, 1))

    assert np.isinf(hit(function, inside, rng.normal(size=(100, 3)))).all()
    assert np.isinf(hit(function, outside, away)).all()
    assert np.isfinite(hit(function, outside, -outside)).all()


@pytest.mark.parametrize(('function', 'entry'), KINDS, ids=NAMES)
@pytest.mark.parametrize('axis', range(3))
@pytest.mark.parametrize('offset', [0.0, 0.5, 1.5])
def test_rays_parallel_to_an_axis_hit_or_miss_exactly(function, entry, axis, offset):
    origin = np.full(3, offset)
    origin[(axis + 1) % 3] = 0.0
    origin[axis] = -4.0
    direction = np.zeros(3)
    direction[axis] = 2.0

    found = hit(function, origin[None], direction[None])[0]

    expected = entry(origin, direction)
    assert (found == INF) == (offset == 1.5) == (expected == INF)
    if offset < 1:
        assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(('function', 'entry'), KINDS, ids=NAMES)
def test_length_of_the_direction_scales_t(function, entry):
    origin, direction = np.array([[-5.0, 0.1, 0.2]]), np.array([[1.0, 0.0, 0.0]])

    once, twice = hit(function, origin, direction), hit(function, origin, 2 * direction)

    np.testing.assert_allclose(once, 2 * twice, rtol=1e-6)


def random_primitives(
    rng: np.random.Generator, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rotations (N, 3, 3), centres and half sizes (N, 3) of turned, stretched shapes."""
    turns = np.stack([random_rotation(rng) for _ in range(count)])
    return turns, rng.uniform(-5, 5, (count, 3)), np.exp(rng.uniform(-2, 1, (count, 3)))


def as_tensors(turns, centres, half):
    """Return the (1, N, 3, 3) matrix and (1, N, 3) offset that `cast` wants."""
    matrix = turns.transpose(0, 2, 1) / half[:, :, None]
    offset = np.einsum('nij,nj->ni', matrix, centres)
    return tuple(torch.from_numpy(a.astype(np.float32))[None] for a in (matrix, offset))


BOUNDS = (4, 7)
"""Four boxes, three ellipsoids, five cylinders."""


def kind_of(index: int) -> int:
    return int(index >= BOUNDS[0]) + int(index >= BOUNDS[1])


def test_cast_finds_the_nearest_of_turned_and_stretched_shapes():
    rng = np.random.default_rng(2)
    turns, centres, half = random_primitives(rng, 12)
    origin = np.array([8.0, -7.0, 6.0])
    targets = rng.uniform(-5, 5, (600, 3))
    directions = (targets - origin) / 5
    entries = np.array(
        [
            [
                KINDS[kind_of(n)][1](
                    turns[n].T @ (origin - centres[n]) / half[n], turns[n].T @ d / half[n]
                )
                for n in range(12)
            ]
            for d in directions
        ]
    )

    t, index = raycast.cast(
        *as_tensors(turns, centres, half),
        torch.from_numpy(origin.astype(np.float32))[None, :, None],
        torch.from_numpy(directions.T.astype(np.float32))[None],
        BOUNDS,
    )

    expected = entries.min(1)
    hits = np.isfinite(expected)
    assert 0.2 < hits.mean() < 1
    assert_same_hits(t[0].numpy(), expected)
    assert (index[0].numpy()[hits] == entries.argmin(1)[hits]).mean() > 0.99
    assert {kind_of(n) for n in index[0].numpy()[hits]} == {0, 1, 2}


@pytest.mark.parametrize('own_origins', [False, True])
def test_casting_in_chunks_changes_nothing(monkeypatch, own_origins):
    rng = np.random.default_rng(3)
    scenes = [as_tensors(*random_primitives(rng, 12)) for _ in range(2)]
    matrix, offset = (torch.cat(parts) for parts in zip(*scenes, strict=True))
    origin = torch.from_numpy(rng.normal(0, 9, (2, 3, 101 if own_origins else 1))).float()
    direction = torch.from_numpy(rng.normal(size=(2, 3, 101))).float()
    whole = raycast.cast(matrix, offset, origin, direction, BOUNDS)
    chunks = []
    cast = raycast.cast
    monkeypatch.setattr(raycast, 'CPU_CHUNK', 2 * 12 * 25)  # 25 rays a chunk: four and a rest
    monkeypatch.setattr(
        raycast, 'cast', lambda *rays: chunks.append(rays[3].shape[-1]) or cast(*rays)
    )

    t, index = raycast.cast_in_chunks(matrix, offset, origin, direction, BOUNDS)

    assert chunks == [25, 25, 25, 25, 1]
    assert torch.isfinite(t).any()
    torch.testing.assert_close(t, whole[0])
    hits = torch.isfinite(t)
    assert torch.equal(index[hits], whole[1][hits])


def test_a_chunk_holds_at_least_one_ray(monkeypatch):
    monkeypatch.setattr(raycast, 'CPU_CHUNK', 1)
    scene = as_tensors(*random_primitives(np.random.default_rng(4), 12))
    direction = torch.randn(1, 3, 3, generator=torch.Generator().manual_seed(0))

    t, _ = raycast.cast_in_chunks(*scene, torch.zeros(1, 3, 1), direction, BOUNDS)

    assert t.shape == (1, 3)


@pytest.mark.parametrize('face', range(6))
def test_shell_is_left_through_the_face_ahead(face):
    axis, positive = divmod(face, 2)
    direction = torch.zeros(1, 3, 1)
    direction[0, axis, 0] = 2.0 if positive else -2.0
    low, high = torch.tensor([[-1.0, -2.0, -3.0]]), torch.tensor([[4.0, 5.0, 6.0]])

    t, found = raycast.cast_shell(low, high, torch.zeros(1, 3, 1), direction)

    wall = (high if positive else -low)[0, axis]
    assert found.item() == face
    assert t.item() == pytest.approx(wall.item() / 2)


def test_shell_is_left_where_the_ray_first_meets_a_wall():
    rng = np.random.default_rng(5)
    low, high = np.array([-1.0, -2.0, -3.0]), np.array([4.0, 5.0, 6.0])
    origin, directions = np.array([1.0, 1.0, 1.0]), rng.normal(size=(500, 3))

    t, face = raycast.cast_shell(
        torch.from_numpy(low)[None],
        torch.from_numpy(high)[None],
        torch.from_numpy(origin)[None, :, None],
        torch.from_numpy(directions.T)[None],
    )

    points = origin + t[0].numpy()[:, None] * directions
    assert (points >= low - 1e-9).all()
    assert (points <= high + 1e-9).all()
    axis, positive = np.divmod(face[0].numpy(), 2)
    wall = np.where(positive == 1, high[axis], low[axis])
    np.testing.assert_allclose(np.take_along_axis(points, axis[:, None], 1)[:, 0], wall)
