# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Annotation projects made for tests, without models."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from depth_anything_ros.annotation.project import Project, create_project

SETTINGS = {'passes': 3, 'rounds': 2, 'seed': 1}
WIDTH, HEIGHT = 64, 48


def make_picture(seed: int = 0) -> np.ndarray:
    """Return a picture whose upper half is one colour and lower half another, RGB."""
    rgb = np.full((HEIGHT, WIDTH, 3), (90, 140, 200), np.uint8)
    rgb[HEIGHT // 2 :] = 120 + seed % 60, 80, 40
    return rgb


def make_project(
    folder: Path, pairs: int = 3, agreed: int = 0, scene: str = 'indoor', passes: int = 3
) -> Project:
    """Make a project of one picture with pairs for review, and others whose votes all agree.

    Pair i has its first point in row i + 1, its second in row i + 20, both in column 5.
    """
    project = create_project(folder, {**SETTINGS, 'passes': passes})
    path = f'images/{scene}/one.png'
    (folder / path).parent.mkdir(parents=True)
    cv2.imwrite(str(folder / path), make_picture()[..., ::-1])
    with project.change() as db:
        db.execute(
            'INSERT INTO pictures VALUES (1, ?, ?, ?, ?, ?, ?, 9, 0)',
            (path, scene, 'one.png', WIDTH, HEIGHT, '0' * 64),
        )
        for i in range(pairs + agreed):
            db.execute(
                'INSERT INTO pairs (picture, row_a, column_a, row_b, column_b, origin, purpose) '
                "VALUES (1, ?, 5, ?, 5, 'automatic', ?)",
                (i + 1, i + 20, 'review' if i < pairs else 'agreed'),
            )
    return project
