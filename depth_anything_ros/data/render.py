# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Packed scenes and cameras to pictures with exact planar depth, batched, on any device."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from depth_anything_ros.data import raycast, reflection, shading
from depth_anything_ros.data.primitives import (
    BOXES,
    ELLIPSOIDS,
    EMPTY_BELOW,
    FLOOR,
    GLOW,
    SHELL_FACES,
)


@dataclass(frozen=True)
class Batch:
    """B packed scenes, their cameras and their light, as float32 tensors on one device.

    ``matrix`` (B, N, 3, 3), ``centre``, ``half_size`` (B, N, 3), ``material`` (B, 6 + N, 13),
    ``low``, ``high`` (B, 3) and ``open_air`` (B,) are what ``Scene.pack`` returns. ``position``
    (B, 3) and ``rotation`` (B, 3, 3; columns are the optical axes) place the cameras, ``focal``
    (B,) is in pixels. ``light`` (B, 3) is a point for rooms and a direction for the open;
    ``light_color``, ``ambient``, ``sky_tint`` are (B, 3), ``cloud``, ``haze`` (1/m) and
    ``daylight``, the brightness of the sky, are (B,). ``glossy`` says that something mirrors or is
    clear.
    """

    matrix: Tensor
    centre: Tensor
    half_size: Tensor
    material: Tensor
    low: Tensor
    high: Tensor
    open_air: Tensor
    position: Tensor
    rotation: Tensor
    focal: Tensor
    light: Tensor
    light_color: Tensor
    ambient: Tensor
    sky_tint: Tensor
    cloud: Tensor
    haze: Tensor
    daylight: Tensor
    bounds: raycast.Bounds = (BOXES, BOXES + ELLIPSOIDS)
    glossy: bool = False

    @property
    def offset(self) -> Tensor:
        """The centres in the unit spaces of their primitives, (B, N, 3)."""
        return (self.matrix @ self.centre.unsqueeze(-1)).squeeze(-1)

    def to(self, device: torch.device) -> Batch:
        """Return the batch on another device."""
        moved = {name: value.to(device) for name, value in self._tensors().items()}
        return Batch(**moved, bounds=self.bounds, glossy=self.glossy)

    def _tensors(self) -> dict[str, Tensor]:
        return {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in ('bounds', 'glossy')
        }

    def trimmed(self) -> Batch:
        """Return the batch without the slots that no scene fills, for rendering uncompiled."""
        filled = (self.centre[..., 2] > EMPTY_BELOW).any(0)
        edges = (0, *self.bounds, len(filled))
        keep, counts = [], []
        for start, stop in zip(edges, edges[1:], strict=False):
            # Every kind keeps a slot, for a minimum over nothing has no value.
            count = max(1, int(filled[start:stop].sum()))
            keep.append(torch.arange(start, start + count))
            counts.append(count)
        slots = torch.cat(keep).to(self.centre.device)
        tensors = self._tensors()
        for name in ('matrix', 'centre', 'half_size'):
            tensors[name] = tensors[name][:, slots]
        faces = torch.arange(SHELL_FACES, device=slots.device)
        tensors['material'] = self.material[:, torch.cat((faces, slots + SHELL_FACES))]
        bounds = counts[0], counts[0] + counts[1]
        return Batch(**tensors, bounds=bounds, glossy=self.glossy)


@dataclass(frozen=True)
class Surface:
    """What the pixels see: world normals (B, P, 3), materials (B, P, 13) and (u, v) in metres."""

    normal: Tensor
    material: Tensor
    u: Tensor
    v: Tensor


def pixel_rays(batch: Batch, height: int, width: int) -> Tensor:
    """Return (B, H * W, 3) world directions of pixel centres, 1 long along the optical axis.

    The principal point is the picture's middle, ((W - 1) / 2, (H - 1) / 2) in pixels.
    """
    device = batch.focal.device
    y = torch.arange(height, device=device) - (height - 1) / 2
    x = torch.arange(width, device=device) - (width - 1) / 2
    v, u = torch.meshgrid(y, x, indexing='ij')
    plane = torch.stack((u.reshape(-1), v.reshape(-1)), -1) / batch.focal[:, None, None]
    rays = torch.cat((plane, torch.ones_like(plane[..., :1])), -1)
    return rays @ batch.rotation.transpose(1, 2)


def _components(vectors: Tensor) -> Tensor:
    """Lay (B, P, 3) out as (B, 3, P)."""
    return vectors.transpose(1, 2).contiguous()


def _normal_in_unit_space(index: Tensor, local: Tensor, bounds: raycast.Bounds) -> Tensor:
    """Return outward normals (B, P, 3) of the unit shapes at points on them."""
    largest = local.abs().argmax(-1, keepdim=True)
    box = torch.zeros_like(local).scatter(-1, largest, local.gather(-1, largest).sign())
    x, y, z = local.unbind(-1)
    capped = (z.abs() > (x * x + y * y).sqrt() + 1e-3).unsqueeze(-1)
    zero = torch.zeros_like(z)
    cylinder = torch.where(
        capped, torch.stack((zero, zero, z.sign()), -1), torch.stack((x, y, zero), -1)
    )
    kind = index.unsqueeze(-1)
    return torch.where(kind < bounds[0], box, torch.where(kind < bounds[1], local, cylinder))


def _pick(values: Tensor, index: Tensor) -> Tensor:
    """Gather rows: (B, N, ...) by (B, P) to (B, P, ...)."""
    flat = values.flatten(2)
    rows = flat.gather(1, index.unsqueeze(-1).expand(-1, -1, flat.shape[-1]))
    return rows.unflatten(-1, values.shape[2:])


def find_surface(
    batch: Batch, index: Tensor, face: Tensor, on_shell: Tensor, point: Tensor
) -> Surface:
    """Describe the surface at each hit; ``index`` is the primitive, ``face`` the shell's."""
    matrix = _pick(batch.matrix, index)
    size = _pick(batch.half_size, index)
    local = (matrix @ (point - _pick(batch.centre, index)).unsqueeze(-1)).squeeze(-1)
    unit_normal = _normal_in_unit_space(index, local, batch.bounds)
    normal = (matrix.transpose(-1, -2) @ unit_normal.unsqueeze(-1)).squeeze(-1)
    axis = face // 2
    inward = torch.nn.functional.one_hot(axis, 3) * (1 - 2 * (face % 2)).unsqueeze(-1)
    shell = on_shell.unsqueeze(-1)
    normal = torch.where(shell, inward.to(normal.dtype), normal)
    normal = normal / normal.norm(dim=-1, keepdim=True).clamp(min=1e-9)
    place = torch.where(shell, point, local * size)
    side = torch.where(on_shell, axis, unit_normal.abs().argmax(-1))
    u = torch.where(side == 0, place[..., 1], place[..., 0])
    v = torch.where(side == 2, place[..., 1], place[..., 2])
    slot = torch.where(on_shell, face, index + SHELL_FACES)
    return Surface(normal, _pick(batch.material, slot), u, v)


def paint(
    batch: Batch, bank: Tensor, origin: Tensor, rays: Tensor, t: Tensor, index: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Colour what the rays hit, before any lamp or sun is known to reach it.

    ``origin`` is (B, 1, 3) or (B, P, 3) and ``rays`` (B, P, 3).
    Returns albedo (B, P, 3), the direct light it would get unshadowed (B, P, 3), and the shadow
    rays' origins and directions (B, 3, P).
    """
    directions = rays.transpose(1, 2)
    shell_t, face = raycast.cast_shell(batch.low, batch.high, origin.transpose(1, 2), directions)
    on_shell = shell_t < t
    t = torch.minimum(t, shell_t)
    point = origin + t.unsqueeze(-1) * rays
    surface = find_surface(batch, index, face, on_shell, point)
    slant = (surface.normal * rays).sum(-1).abs() / rays.norm(dim=-1)
    footprint = t / batch.focal[:, None] / slant.clamp(min=0.05)
    color = shading.albedo(bank, surface.material, surface.u, surface.v, footprint)
    open_air = batch.open_air[:, None, None]
    light = batch.light[:, None].expand_as(point)
    to_light = torch.where(open_air, light, light - point)
    distance = to_light.norm(dim=-1, keepdim=True).clamp(min=1e-3)
    facing = ((surface.normal * to_light).sum(-1, keepdim=True) / distance).clamp(min=0)
    fall_off = torch.where(open_air, 1.0, 1 / (0.6 + 0.12 * distance * distance))
    direct = color * batch.light_color[:, None] * facing * fall_off
    bounce = color * batch.ambient[:, None] * (0.75 + 0.25 * surface.normal[..., 2:3])
    bounce = bounce + color * surface.material[..., GLOW, None]
    start = point + 2e-3 * distance.clamp(max=5) * surface.normal
    return bounce, direct, _components(start), _components(to_light)


def compose(
    batch: Batch,
    bank: Tensor,
    origin: Tensor,
    rays: Tensor,
    t: Tensor,
    bounce: Tensor,
    direct: Tensor,
    shadow_t: Tensor,
) -> tuple[Tensor, Tensor]:
    """Add the light that is not in shadow, haze and sky; return RGB (B, P, 3) and depth (B, P)."""
    shell_t, face = raycast.cast_shell(
        batch.low, batch.high, origin.transpose(1, 2), rays.transpose(1, 2)
    )
    open_air = batch.open_air[:, None]
    in_sky = (shell_t < t) & open_air & (face != FLOOR)
    t = torch.minimum(t, shell_t)
    lit = shadow_t >= torch.where(open_air, raycast.MISS, 1.0)
    color = bounce + direct * lit.unsqueeze(-1)
    daylight = batch.daylight[:, None, None]
    above = shading.sky(bank, rays, batch.sky_tint, batch.cloud) * daylight
    veil = (1 - torch.exp(-batch.haze[:, None] * t)).unsqueeze(-1)
    color = color * (1 - veil) + (0.6 * batch.sky_tint[:, None] + 0.3) * daylight * veil
    color = torch.where(in_sky.unsqueeze(-1), above, color)
    return color, torch.where(in_sky, raycast.MISS, t)


class Renderer:
    """Render packed batches; ``compiled`` fuses every stage with torch.compile."""

    def __init__(self, bank: Tensor, compiled: bool = False) -> None:
        self.bank = bank
        self._cast: raycast.Cast = raycast.compiled_cast() if compiled else raycast.cast_in_chunks
        self._paint = torch.compile(paint, dynamic=True) if compiled else paint
        self._compose = torch.compile(compose, dynamic=True) if compiled else compose

    def __call__(self, batch: Batch, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Return linear RGB (B, 3, H, W) and planar depth (B, H, W) in metres, +inf for sky."""
        rays = pixel_rays(batch, height, width)
        origin = batch.position[:, None]
        t, index = self._see(batch, origin, rays)
        color, depth = self._light(batch, origin, rays, t, index)
        if batch.glossy:
            second = reflection.second_rays(batch, origin, rays, t, index)
            seen = self._light(
                batch,
                second.origin,
                second.direction,
                *self._see(batch, second.origin, second.direction),
            )
            color = second.mix(color, seen[0], depth)
        return (
            color.transpose(1, 2).unflatten(2, (height, width)),
            depth.unflatten(1, (height, width)),
        )

    def _see(self, batch: Batch, origin: Tensor, rays: Tensor) -> tuple[Tensor, Tensor]:
        """Return how far each ray goes and the primitive it hits, (B, P) each."""
        return self._cast(
            batch.matrix, batch.offset, _components(origin), _components(rays), batch.bounds
        )

    def _light(
        self, batch: Batch, origin: Tensor, rays: Tensor, t: Tensor, index: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the light (B, P, 3) along rays that hit, and their lengths (B, P), inf for sky."""
        bounce, direct, start, to_light = self._paint(batch, self.bank, origin, rays, t, index)
        shadow_t, _ = self._cast(batch.matrix, batch.offset, start, to_light, batch.bounds)
        return self._compose(batch, self.bank, origin, rays, t, bounce, direct, shadow_t)
