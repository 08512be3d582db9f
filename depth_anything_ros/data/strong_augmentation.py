# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The strong perturbations of pictures with pseudo-labels: colours, blur, CutMix.

The papers give their kinds, not their strengths; those are settings here. All randomness comes
from the numpy Generator that is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from depth_anything_ros.data.sample import DataError, Sample

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Strength:
    """How strong pictures are perturbed.

    Brightness, contrast and saturation are multiplied by factors of 1 +- the number, hue is turned
    by up to that part of a full turn, all together with probability ``jitter``. The blur is
    Gaussian with a sigma in pixels between ``sigma``, with probability ``blur``.
    """

    brightness: float = 0.5
    contrast: float = 0.5
    saturation: float = 0.5
    hue: float = 0.25
    jitter: float = 0.8
    sigma: tuple[float, float] = (0.1, 2.0)
    blur: float = 0.5


def color_jitter(rgb: np.ndarray, rng: np.random.Generator, strength: Strength) -> np.ndarray:
    """Return a picture (H, W, 3) uint8 with other brightness, contrast, saturation and hue.

    The four come in random order.
    """
    colors = rgb.astype(np.float32)
    for step in rng.permutation(4):
        low, high = (-strength.hue, strength.hue) if step == 3 else _factors(strength, int(step))
        amount = float(rng.uniform(low, high))
        if step == 0:
            colors = colors * amount
        elif step == 1:
            colors = (colors - (mean := float((colors @ _LUMA).mean()))) * amount + mean
        elif step == 2:
            gray = (colors @ _LUMA)[..., None]
            colors = (colors - gray) * amount + gray
        else:
            colors = _turn_hue(colors, amount)
        colors = np.clip(colors, 0, 255)
    return np.asarray(np.rint(colors), np.uint8)


def gaussian_blur(rgb: np.ndarray, sigma: float) -> np.ndarray:
    """Return a picture blurred with a Gaussian of ``sigma`` pixels."""
    return cv2.GaussianBlur(rgb, (0, 0), sigma) if sigma > 0 else rgb


def perturb(rgb: np.ndarray, rng: np.random.Generator, strength: Strength) -> np.ndarray:
    """Return a picture with jittered colours and blurred, each with its probability."""
    if rng.random() < strength.jitter:
        rgb = color_jitter(rgb, rng, strength)
    if rng.random() < strength.blur:
        rgb = gaussian_blur(rgb, float(rng.uniform(*strength.sigma)))
    return rgb


@dataclass(frozen=True)
class Mixture:
    """Two samples in one picture: ``first`` where ``inside``, ``second`` elsewhere.

    ``rgb`` is (H, W, 3) uint8, ``inside`` (H, W) bool, a rectangle. Each part has a scale and shift
    of its own: the loss is taken inside against the depth of ``first``, outside against that of
    ``second``, and added by their shares of the picture.
    """

    rgb: np.ndarray
    inside: np.ndarray
    first: Sample
    second: Sample

    @property
    def share(self) -> float:
        """The part of the picture that is inside."""
        return float(self.inside.mean())


def cutmix(
    first: Sample,
    second: Sample,
    rng: np.random.Generator,
    area: tuple[float, float] = (0.1, 0.9),
    aspect: tuple[float, float] = (0.5, 2.0),
) -> Mixture:
    """Put a rectangle of ``first`` into ``second``, in its place.

    It covers a share of the picture drawn from ``area``, with sides of a ratio drawn from
    ``aspect``, relative to the picture's, as far as the picture allows. Raises DataError for two
    sizes.
    """
    height, width = first.rgb.shape[:2]
    if second.rgb.shape != first.rgb.shape:
        rows, columns = second.rgb.shape[:2]
        raise DataError(
            f'{first.key} is {width}x{height} and {second.key} is {columns}x{rows}: crop pictures '
            'to one size before they are mixed'
        )
    share = float(rng.uniform(*area))
    ratio = float(np.exp(rng.uniform(*np.log(aspect))))
    tall = min(1.0, max(share, np.sqrt(share * ratio)))
    rows = max(1, round(height * tall))
    columns = max(1, round(width * min(1.0, share / tall)))
    top = int(rng.integers(height - rows + 1))
    left = int(rng.integers(width - columns + 1))
    inside = np.zeros((height, width), bool)
    inside[top : top + rows, left : left + columns] = True
    return Mixture(np.where(inside[..., None], first.rgb, second.rgb), inside, first, second)


def _factors(strength: Strength, step: int) -> tuple[float, float]:
    spread = (strength.brightness, strength.contrast, strength.saturation)[step]
    return max(0.0, 1 - spread), 1 + spread


def _turn_hue(colors: np.ndarray, turn: float) -> np.ndarray:
    """Turn the hue of (H, W, 3) float32 colours 0-255 by a part of a full turn."""
    hsv = cv2.cvtColor(colors / 255, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 360 * turn) % 360
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255
