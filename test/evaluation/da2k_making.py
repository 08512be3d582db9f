# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Archives in the form of DA-2K, and answers to them that are known."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.evaluation.da2k import AnnotatedPicture

HEIGHT, WIDTH = 30, 40


def pair(near: tuple[int, int], far: tuple[int, int]) -> dict[str, Any]:
    return {'point1': list(near), 'point2': list(far), 'closer_point': 'point1'}


# Depth of the pictures grows with the row: what is lower in the list is farther.
ANNOTATIONS = {
    'images/indoor/a.jpg': [pair((1, 30), (20, 3)), pair((5, 5), (6, 39))],
    'images/indoor/b.jpg': [pair((25, 1), (2, 2))],
    'images/object/c.jpg': [pair((0, 0), (29, 39))],
}


def encoded() -> bytes:
    rows = np.arange(HEIGHT)[:, None, None] * np.full((1, WIDTH, 3), 8)
    return bytes(cv2.imencode('.jpg', rows.astype(np.uint8))[1])


def archive(
    path: Path, annotations: Any, top: str = 'DA-2K/', compression: int = 0, **others: bytes
) -> Path:
    with zipfile.ZipFile(path, 'w', compression) as file:
        file.writestr('__MACOSX/DA-2K/annotations.json', b'\x00\x05')
        file.writestr(f'{top}annotations.json', json.dumps(annotations))
        for key in annotations:
            if key not in others:
                file.writestr(f'{top}{key}', encoded())
        for key, content in others.items():
            if content:
                file.writestr(f'{top}{key}', content)
    return path


def truthful(picture: AnnotatedPicture) -> Depth:
    rows = np.arange(1, picture.rgb.shape[0] + 1, dtype=np.float32)
    values = np.broadcast_to(rows[:, None], picture.rgb.shape[:2])
    return Depth(values, DepthKind.METRIC, values.shape)


def disparity(picture: AnnotatedPicture) -> Depth:
    values = 1 / truthful(picture).values
    return Depth(values, DepthKind.RELATIVE, values.shape)
