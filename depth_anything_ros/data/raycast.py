# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rays against packed scenes, batched in torch.

A ray is origin + t * direction. An affine map keeps t, so every primitive is hit in the space of
its unit shape. With directions whose component along the optical axis is 1, t is planar depth.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Bounds = tuple[int, int]
"""Where ellipsoids and where cylinders begin among the primitives; boxes come first."""

Cast = Callable[[Tensor, Tensor, Tensor, Tensor, Bounds], tuple[Tensor, Tensor]]

NEAR = 1e-3
CPU_CHUNK, GPU_CHUNK = 2**17, 2**25
"""Ray-primitive pairs in flight where nothing fuses the steps of a test."""

MISS = float('inf')


def _inverse(values: Tensor) -> Tensor:
    """Invert, keeping values near zero finite and their sign."""
    tiny = torch.where(values < 0, -1e-9, 1e-9).to(values.dtype)
    return 1 / torch.where(values.abs() < 1e-9, tiny, values)


def hit_boxes(ox: Tensor, oy: Tensor, oz: Tensor, dx: Tensor, dy: Tensor, dz: Tensor) -> Tensor:
    """Return the entry t into the cube [-1, 1]^3, inf where missed or entered behind the ray."""
    ix, iy, iz = _inverse(dx), _inverse(dy), _inverse(dz)
    ax, ay, az = -ox * ix, -oy * iy, -oz * iz
    wx, wy, wz = ix.abs(), iy.abs(), iz.abs()
    near = torch.maximum(torch.maximum(ax - wx, ay - wy), az - wz)
    far = torch.minimum(torch.minimum(ax + wx, ay + wy), az + wz)
    return torch.where((near <= far) & (near > NEAR), near, MISS)


def hit_spheres(ox: Tensor, oy: Tensor, oz: Tensor, dx: Tensor, dy: Tensor, dz: Tensor) -> Tensor:
    """Return the entry t into the unit sphere."""
    a = dx * dx + dy * dy + dz * dz
    b = ox * dx + oy * dy + oz * dz
    c = ox * ox + oy * oy + oz * oz - 1
    root = b * b - a * c
    near = (-b - root.clamp(min=0).sqrt()) / a.clamp(min=1e-12)
    return torch.where((root > 0) & (near > NEAR), near, MISS)


def hit_cylinders(ox: Tensor, oy: Tensor, oz: Tensor, dx: Tensor, dy: Tensor, dz: Tensor) -> Tensor:
    """Return the entry t into the cylinder of radius 1 with caps at z = -1 and 1."""
    a = (dx * dx + dy * dy).clamp(min=1e-12)
    b = ox * dx + oy * dy
    root = b * b - a * (ox * ox + oy * oy - 1)
    half = root.clamp(min=0).sqrt()
    iz = _inverse(dz)
    centre, reach = -oz * iz, iz.abs()
    near = torch.maximum((-b - half) / a, centre - reach)
    far = torch.minimum((-b + half) / a, centre + reach)
    return torch.where((root > 0) & (near <= far) & (near > NEAR), near, MISS)


def to_unit_space(matrix: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Turn (B, 3, P or 1) vectors by (B, N, 3, 3) matrices; return x, y, z as (B, N, P or 1)."""
    x, y, z = (vectors[:, axis, None] for axis in range(3))
    row = matrix.unsqueeze(-1)
    return (
        row[:, :, 0, 0] * x + row[:, :, 0, 1] * y + row[:, :, 0, 2] * z,
        row[:, :, 1, 0] * x + row[:, :, 1, 1] * y + row[:, :, 1, 2] * z,
        row[:, :, 2, 0] * x + row[:, :, 2, 1] * y + row[:, :, 2, 2] * z,
    )


def cast(
    matrix: Tensor, offset: Tensor, origin: Tensor, direction: Tensor, bounds: Bounds
) -> tuple[Tensor, Tensor]:
    """Return each ray's nearest entry t (B, P), inf without one, and the primitive hit (B, P).

    ``matrix`` (B, N, 3, 3) carries world vectors to unit shapes and ``offset`` (B, N, 3) is its
    product with the centre; ``origin`` is (B, 3, 1) or (B, 3, P) and ``direction`` (B, 3, P), in
    the world frame. Components come first so that a compiled kernel reads whole vectors.
    """
    edges = (0, *bounds, matrix.shape[1])
    nearest, index = [], []
    for start, stop, hit in zip(
        edges, edges[1:], (hit_boxes, hit_spheres, hit_cylinders), strict=False
    ):
        turn = matrix[:, start:stop]
        cx, cy, cz = offset[:, start:stop, :, None].unbind(2)
        ox, oy, oz = to_unit_space(turn, origin)
        t, slot = hit(ox - cx, oy - cy, oz - cz, *to_unit_space(turn, direction)).min(1)
        nearest.append(t)
        index.append(slot + start)
    t = torch.minimum(torch.minimum(nearest[0], nearest[1]), nearest[2])
    slot = torch.where(t == nearest[0], index[0], torch.where(t == nearest[1], index[1], index[2]))
    return t, slot


def cast_in_chunks(
    matrix: Tensor, offset: Tensor, origin: Tensor, direction: Tensor, bounds: Bounds
) -> tuple[Tensor, Tensor]:
    """Do what ``cast`` does, a chunk of rays at a time that fits the processor's cache."""
    limit = CPU_CHUNK if direction.device.type == 'cpu' else GPU_CHUNK
    rays = max(1, limit // (matrix.shape[0] * matrix.shape[1]))
    chunks = [
        cast(
            matrix,
            offset,
            origin if origin.shape[-1] == 1 else origin[..., start : start + rays],
            direction[..., start : start + rays],
            bounds,
        )
        for start in range(0, direction.shape[-1], rays)
    ]
    t, slot = zip(*chunks, strict=True)
    return torch.cat(t, dim=-1), torch.cat(slot, dim=-1)


def compiled_cast() -> Cast:
    """Return ``cast`` as fused kernels that never store a value per ray and primitive.

    The thresholds forbid the compiler to write intermediate results out, which it would do here
    because three axes read them; that makes it ten times faster on a CPU.
    """
    limits = ('realize_reads_threshold', 'realize_opcount_threshold', 'realize_acc_reads_threshold')
    return torch.compile(cast, dynamic=True, options=dict.fromkeys(limits, 100_000))


def cast_shell(
    low: Tensor, high: Tensor, origin: Tensor, direction: Tensor
) -> tuple[Tensor, Tensor]:
    """Return where rays leave the shell from inside: t (B, P) and the face index 0..5 (B, P).

    ``low`` and ``high`` are (B, 3), ``origin`` (B, 3, 1), ``direction`` (B, 3, P).
    """
    inverse = _inverse(direction)
    exits = torch.maximum(
        (low.unsqueeze(-1) - origin) * inverse, (high.unsqueeze(-1) - origin) * inverse
    )
    t, axis = exits.min(dim=1)
    positive = direction.gather(1, axis.unsqueeze(1)).squeeze(1) > 0
    return t, 2 * axis + positive.long()
