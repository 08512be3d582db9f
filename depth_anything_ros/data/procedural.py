# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An endless supply of made-up places with exact depth: rooms, desks, streets, fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.data import shading
from depth_anything_ros.data.photometry import develop, photograph
from depth_anything_ros.data.pose import Pose
from depth_anything_ros.data.primitives import CLEAR, MIRROR, Scene, Weather
from depth_anything_ros.data.render import Batch, Renderer
from depth_anything_ros.data.rich_scenes import sample_rich_scene
from depth_anything_ros.data.scenes import sample_scene

KEEP_CLEAR = 0.25
"""Metres around a camera that stay empty."""


@dataclass(frozen=True)
class Pictures:
    """Rendered pictures.

    ``rgb`` is (B, 3, H, W) in [0, 1]; ``depth`` (B, H, W) is metres along the optical axis, +inf
    for sky; ``focal`` (B,) is the focal length in pixels, with the principal point in the middle
    of the picture, ((W - 1) / 2, (H - 1) / 2).
    """

    rgb: Tensor
    depth: Tensor
    focal: Tensor


class ProceduralWorld:
    """Draw scenes from a seed and render them on a device.

    The same seed, device and sequence of calls give the same pictures. ``compiled`` fuses the
    intersection and texture kernels with torch.compile, several times faster once warmed up; it
    needs a C++ compiler on CPUs. ``rich`` is the share of scenes with glass, mirrors, fog, night,
    foliage or hills (``rich_scenes.py``); at 0 a seed's pictures are what they were before those.
    """

    def __init__(
        self,
        seed: int,
        device: torch.device | str = 'cpu',
        compiled: bool = False,
        rich: float = 0.0,
    ) -> None:
        self.device, self.rich = torch.device(device), rich
        self.reseed(seed)
        bank = shading.noise_bank(self._generator).to(self.device)
        self._render = Renderer(bank, compiled)

    def reseed(self, seed: int) -> None:
        """Start the sequence of scenes and cameras anew; the noise textures stay."""
        self._rng = np.random.default_rng(seed)
        self._generator = torch.Generator().manual_seed(seed)

    def sample(self, count: int, height: int, width: int) -> Pictures:
        """Render ``count`` pictures of new scenes as various cameras would take them."""
        placed = [self._place() for _ in range(count)]
        batch = pack(placed, height, width, self._rng).to(self.device)
        linear, depth = self._render(batch, height, width)
        return Pictures(photograph(linear, self._generator), depth, batch.focal)

    def _place(self) -> tuple[Scene, Pose]:
        """Draw a scene and a camera."""
        if self.rich and self._rng.random() < self.rich:
            return sample_rich_scene(self._rng)
        return sample_scene(self._rng)

    def develop(self, batch: Batch, height: int, width: int) -> Pictures:
        """Render a packed batch as one clean camera would take it."""
        linear, depth = self._render(batch, height, width)
        return Pictures(develop(linear), depth, batch.focal)


def pack(
    placed: list[tuple[Scene, Pose]],
    height: int,
    width: int,
    rng: np.random.Generator,
    path: np.ndarray | None = None,
) -> Batch:
    """Lay scenes and cameras out as tensors and draw their light.

    Nothing stands within KEEP_CLEAR of a camera, nor of ``path`` (K, 3), where it will go.
    """
    diagonal = float(np.hypot(height, width))
    rows = []
    for scene, pose in placed:
        row = scene.pack(pose.position[None] if path is None else path, KEEP_CLEAR)
        row.update(draw_light(scene, rng))
        row['position'] = pose.position
        row['rotation'] = pose.rotation()
        row['focal'] = np.asarray(diagonal / 2 / np.tan(pose.fov / 2))
        rows.append(row)
    glossy = any(row['material'][:, [MIRROR, CLEAR]].any() for row in rows)
    tensors: dict[str, Any] = {}
    for name in rows[0]:
        values = torch.from_numpy(np.stack([row[name] for row in rows]))
        tensors[name] = values if values.dtype == torch.bool else values.float()
    return Batch(**tensors, glossy=glossy)


def draw_light(scene: Scene, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the lamp of a room, or the sun, sky and haze of the open."""
    warm = 1 + rng.uniform(-0.15, 0.15, 3)
    if scene.open_air:
        elevation, azimuth = rng.uniform(0.2, 1.4), rng.uniform(0, 2 * np.pi)
        light = np.array(
            [
                np.cos(elevation) * np.cos(azimuth),
                np.cos(elevation) * np.sin(azimuth),
                np.sin(elevation),
            ]
        )
        overcast = rng.random() < 0.4
        strength = 0.1 if overcast else rng.uniform(0.6, 1.4)
        ambient = rng.uniform(0.35, 0.8)
        haze = rng.exponential(0.004) if rng.random() < 0.5 else 0.0
    else:
        light = rng.uniform((0.15, 0.15, 0.75), (0.85, 0.85, 0.97)) * (scene.high - scene.low)
        strength, ambient, haze = rng.uniform(0.3, 1.5), rng.uniform(0.2, 0.7), 0.0
    drawn = {
        'light': light,
        'light_color': strength * warm,
        'ambient': ambient * (1 + rng.uniform(-0.1, 0.1, 3)),
        'sky_tint': np.array([0.35, 0.5, 0.8]) * rng.uniform(0.5, 1.2) + rng.uniform(0, 0.2, 3),
        'cloud': np.asarray(rng.uniform(-0.3, 0.5)),
        'haze': np.asarray(haze),
        'daylight': np.asarray(1.0),
    }
    if scene.weather is not Weather.PLAIN:
        drawn.update(_other_weather(scene.weather, drawn, rng))
    return drawn


def _other_weather(
    weather: Weather, drawn: dict[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw what fog or darkness changes of the light."""
    if weather is Weather.FOG:
        # A sight of 10 to 300 m, as the haze has it: a twentieth of the contrast is left there.
        return {
            'haze': np.asarray(3 / np.exp(rng.uniform(np.log(10), np.log(300)))),
            'light_color': drawn['light_color'] * rng.uniform(0.0, 0.4),
            'cloud': np.asarray(-1.0),
            'sky_tint': np.full(3, rng.uniform(0.1, 0.3)),
        }
    dark = np.exp(rng.uniform(np.log(0.01), np.log(0.2)))
    return {
        'light_color': drawn['light_color'] * dark * np.array([0.7, 0.8, 1.0]),
        'ambient': drawn['ambient'] * dark,
        'daylight': np.asarray(0.3 * dark),
    }
