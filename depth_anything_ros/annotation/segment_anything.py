# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Key points by Segment Anything (Kirillov et al., 2023), as DA-2K's were found.

A grid of points is asked for masks; a mask that is sure of itself, stable and no repetition of
another is a thing. The masks are thrown away and the points kept (Depth Anything V2, section 6.1).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from depth_anything_ros.annotation.key_points import LEAST_AREA, LEAST_ROOM, MOST_AREA, KeyPoint

GRID = 32
"""Points along each side of the grid."""

BATCH = 64
LEAST_IOU, LEAST_STABILITY, MOST_OVERLAP = 0.88, 0.95, 0.7
"""Of the automatic mask generator: the mask's own estimate, how little it changes when its
threshold does, and how much the boxes of two masks may overlap."""

STABILITY_OFFSET = 1.0
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)


class SegmentAnythingError(ValueError):
    """Segment Anything cannot be used; the message says why and what to do."""


class SegmentAnything:
    """Segment Anything from a folder of weights in the format of transformers.

    Nothing is downloaded, and weights that are pickles are not read. Raises SegmentAnythingError.
    """

    def __init__(
        self,
        folder: Path,
        device: str = 'cpu',
        grid: int = GRID,
        least_iou: float = LEAST_IOU,
        least_stability: float = LEAST_STABILITY,
    ) -> None:
        try:
            import torch
            from transformers import SamModel
        except ImportError as error:
            raise SegmentAnythingError(
                f"--sam needs transformers: pip install 'depth_anything_ros[annotate]' ({error})"
            ) from error
        try:
            model = SamModel.from_pretrained(
                str(folder), local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise SegmentAnythingError(
                f'{folder} has no weights of Segment Anything (config.json and model.safetensors, '
                f'such as those of facebook/sam-vit-base): {error}'
            ) from error
        self._model = cast(Any, model)
        self.name = f'sam {folder.name} {grid}x{grid}'
        self._torch, self._device, self._grid = torch, device, grid
        self._least_iou, self._least_stability = least_iou, least_stability
        self._side = int(self._model.config.vision_config.image_size)
        self._model.to(device).eval()

    def key_points(self, rgb: np.ndarray) -> list[KeyPoint]:
        """Return a key point of each mask, the mask that is surest of itself first."""
        torch = self._torch
        height, width = rgb.shape[:2]
        scale = self._side / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        places = _grid(self._grid, size)
        with torch.inference_mode():
            pixels = torch.from_numpy(self._prepared(rgb, size)).to(self._device)
            embeddings = self._model.get_image_embeddings(pixels)
            found = [
                candidate
                for start in range(0, len(places), BATCH)
                for candidate in self._candidates(embeddings, places[start : start + BATCH], size)
            ]
        found.sort(key=lambda candidate: -candidate[0])
        kept: list[tuple[np.ndarray, KeyPoint]] = []
        for _, box, (x, y), room in found:
            if all(_overlap(box, other) <= MOST_OVERLAP for other, _ in kept):
                row = min(height - 1, int(y / scale))
                column = min(width - 1, int(x / scale))
                kept.append((box, KeyPoint(row, column, room / scale)))
        return [point for _, point in kept]

    def _prepared(self, rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return (1, 3, side, side) float32: normalised, and padded at the right and below."""
        shrunk = cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)
        padded = np.zeros((self._side, self._side, 3), np.float32)
        padded[: size[1], : size[0]] = (shrunk - MEAN) / DEVIATION
        return np.ascontiguousarray(padded.transpose(2, 0, 1)[None])

    def _candidates(
        self, embeddings: Any, places: np.ndarray, size: tuple[int, int]
    ) -> list[tuple[float, np.ndarray, tuple[float, float], float]]:
        """Return the estimate, box, place and room of the masks of some places that will do."""
        torch = self._torch
        points = torch.from_numpy(places)[None, :, None].to(self._device)
        answer = self._model(
            image_embeddings=embeddings,
            input_points=points,
            input_labels=torch.ones(points.shape[:3], dtype=torch.long, device=self._device),
            multimask_output=True,
        )
        sure = answer.iou_scores[0].float().cpu().numpy()
        masks = answer.pred_masks[0].float().cpu().numpy()
        step = self._side / masks.shape[-1]
        rows, columns = (max(1, round(side / step)) for side in (size[1], size[0]))
        found = []
        for place, scores, three in zip(places, sure, masks, strict=True):
            best = int(scores.argmax())
            mask = three[best, :rows, :columns]
            told = self._judged(mask, place / step)
            if scores[best] >= self._least_iou and told is not None:
                box, room = told
                found.append(
                    (float(scores[best]), box, (float(place[0]), float(place[1])), room * step)
                )
        return found

    def _judged(self, mask: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, float] | None:
        """Return the box of a mask and how far a place in it is from its edge; None for a bad one.

        ``mask`` is (h, w) logits, ``at`` is (x, y) in its pixels.
        """
        inside = mask > 0
        narrow = int((mask > STABILITY_OFFSET).sum())
        wide = int((mask > -STABILITY_OFFSET).sum())
        if not LEAST_AREA <= inside.mean() <= MOST_AREA:
            return None
        if narrow < self._least_stability * wide:
            return None
        room = cv2.distanceTransform(np.pad(inside, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
        row = min(mask.shape[0] - 1, int(at[1]))
        column = min(mask.shape[1] - 1, int(at[0]))
        if room[row, column] < max(1.0, LEAST_ROOM * max(mask.shape)):
            return None
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)
        return box, float(room[row, column])


def _grid(count: int, size: tuple[int, int]) -> np.ndarray:
    """Return (count * count, 2) float32 places (x, y) in the middle of equal cells."""
    steps = (np.arange(count, dtype=np.float32) + 0.5) / count
    columns, rows = np.meshgrid(steps * size[0], steps * size[1])
    return np.ascontiguousarray(np.stack([columns.ravel(), rows.ravel()], axis=1), np.float32)


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Return the intersection over union of two boxes (left, top, right, bottom)."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.clip(sides, 0, None).prod())
    return common / float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - common)
