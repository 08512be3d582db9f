# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures as a project keeps them: as they came, if every program shows them the same way."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from depth_anything_ros.annotation.scenes import FOLDER, SCENES, scene_of
from depth_anything_ros.media.decoding import DecodingError, decode_picture
from depth_anything_ros.media.picture_header import kind_of
from depth_anything_ros.media.picture_list import PictureEntry, Search
from depth_anything_ros.media.picture_reader import PictureError, is_readable, read

FILES = Search('pictures', is_readable, (), from_stdin=False)
"""Files alone: an address may give another picture the next time."""

KEPT = {'jpeg': '.jpg', 'png': '.png', 'webp': '.webp'}
"""Formats that browsers show, with the suffixes that they get."""

LOSSLESS = ('png', 'bmp', 'pnm', 'tiff')
QUALITY = 95


@dataclass(frozen=True)
class StoredPicture:
    """A picture for a project: its path there, its bytes, and its pixels (H, W, 3) uint8 RGB.

    ``sha256`` is that of the file it came from.
    """

    path: PurePosixPath
    scene: str
    content: bytes
    rgb: np.ndarray
    sha256: str


def digest_of(entry: PictureEntry) -> str:
    """Return the sha256 of a picture's file. Raises OSError."""
    digest = hashlib.sha256()
    with Path(entry.source).open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def load_picture(entry: PictureEntry, scene: str | None, sha256: str) -> StoredPicture:
    """Read a picture. Raises PictureError, SceneError, OSError.

    ``scene`` is for pictures whose folders tell none. The bytes stay as they are, with what they
    tell of the camera, unless the EXIF block says that the picture is to be turned, which some
    programs do and some do not, or browsers cannot show it: then it becomes a PNG, or a JPEG where
    it had lost something already.
    """
    # The folder that was given may be that of a scenario itself.
    beside = Path(entry.source).resolve().parent.name
    found = scene_of(PurePosixPath(beside, *entry.stem.parts), scene)
    rgb = read(entry.source).rgb
    content = Path(entry.source).read_bytes()
    kind = kind_of(content)
    if kind not in KEPT or _is_turned(content, rgb):
        suffix = '.png' if kind in LOSSLESS else '.jpg'
        content = _encoded(rgb, suffix)
        rgb = cv2.cvtColor(decode_picture(content), cv2.COLOR_BGR2RGB)
    else:
        suffix = KEPT[kind]
    path = PurePosixPath(FOLDER, found, f'{_name(entry.stem)}{suffix}')
    return StoredPicture(path, found, content, rgb, sha256)


def _name(stem: PurePosixPath) -> str:
    """Return the name of a picture: its path below its scenario, in one part."""
    parts = list(stem.parts)
    for index in range(len(parts) - 1, 0, -1):
        if parts[index - 1] in SCENES:
            parts = parts[index:]
            break
    return re.sub(r'[^\w. ()-]', '_', '_'.join(parts)).lstrip('.') or 'picture'


def _is_turned(content: bytes, rgb: np.ndarray) -> bool:
    try:
        plain = cv2.cvtColor(decode_picture(content, turned=False), cv2.COLOR_BGR2RGB)
    except DecodingError as error:
        raise PictureError(f'it {error}') from error
    return plain.shape != rgb.shape or not np.array_equal(plain, rgb)


def _encoded(rgb: np.ndarray, suffix: str) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if suffix == '.jpg' else []
    done, content = cv2.imencode(suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise PictureError(f'it cannot be written as {suffix}')
    return content.tobytes()
