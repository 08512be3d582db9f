# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run tells while it goes: lines of numbers, curves and pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.inference.conventions import IMAGENET_MEAN, IMAGENET_STD
from depth_anything_ros.media.color import colorize
from depth_anything_ros.media.whole_file import write_whole
from depth_anything_ros.training.batch import Batch
from depth_anything_ros.training.errors import TrainingError

LOG, CURVES = 'log.jsonl', 'tensorboard'
MOST_PICTURES = 4


class RunLog:
    """Writes ``log.jsonl``, a line of JSON each time, and curves for TensorBoard.

    What an earlier process wrote beyond ``step``, from where the run goes on, is taken back.
    """

    def __init__(self, folder: Path, step: int, curves: bool) -> None:
        self._path = folder / LOG
        self._writer: Any = None
        if self._path.exists():
            lines = [line for line in self._path.read_text().splitlines() if _upto(line, step)]
            write_whole(self._path, ''.join(f'{line}\n' for line in lines).encode())
        if curves:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError as error:
                raise TrainingError(
                    f"curves need tensorboard ({error}): pip install 'depth_anything_ros[train]', "
                    'or set output.tensorboard: false'
                ) from error
            self._writer = SummaryWriter(str(folder / CURVES), purge_step=step)

    def row(self, row: Mapping[str, float]) -> None:
        """Write numbers; one of them is the step."""
        with self._path.open('a', encoding='utf-8') as file:
            file.write(json.dumps(row) + '\n')
        if self._writer is not None:
            for name, value in row.items():
                if name != 'step':
                    self._writer.add_scalar(name, value, int(row['step']))

    def picture(self, name: str, step: int, sheet: np.ndarray) -> None:
        """Show a picture (H, W, 3) uint8 at a step, in TensorBoard."""
        if self._writer is not None:
            self._writer.add_image(name, sheet, step, dataformats='HWC')
            self._writer.flush()

    def close(self) -> None:
        """Write what is still held back."""
        if self._writer is not None:
            self._writer.close()


def picture_sheet(batch: Batch, prediction: Tensor, kind: DepthKind) -> np.ndarray:
    """Return rows of picture, depth to learn and depth predicted, (H, W, 3) uint8.

    The batch is normalised, ``prediction`` (B, H, W) is of the ``kind``.
    """
    mean, std = (torch.tensor(each)[:, None, None] for each in (IMAGENET_MEAN, IMAGENET_STD))
    rows = []
    for number in range(min(len(batch), MOST_PICTURES)):
        rgb = batch.images[number].detach().float().cpu() * std + mean
        seen = (rgb.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
        truth = batch.depth[number].detach().float().cpu().numpy()
        guess = prediction[number].detach().float().cpu().numpy()
        painted = [seen, colorize(truth, DepthKind.METRIC), colorize(guess, kind)]
        rows.append(np.concatenate(painted, axis=1))
    sheet = np.concatenate(rows)
    width = min(sheet.shape[1], 1200)
    size = (width, round(sheet.shape[0] * width / sheet.shape[1]))
    return sheet if width == sheet.shape[1] else cv2.resize(sheet, size)


def _upto(line: str, step: int) -> bool:
    try:
        return int(json.loads(line)['step']) <= step
    except (ValueError, KeyError, TypeError):
        return False
