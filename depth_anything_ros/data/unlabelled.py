# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The eight sets of real pictures that the papers label by the teacher, and any others.

Their own labels are not used, so only where the pictures are matters: in folders, tar files,
Parquet or LMDB, whichever way they were downloaded or repacked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from depth_anything_ros.data.listing import walk
from depth_anything_ros.data.lmdb_set import DATABASE, LmdbSet
from depth_anything_ros.data.parquet_set import PARQUET, ParquetSet
from depth_anything_ros.data.picture_set import FolderSet, PictureSet, is_picture_name
from depth_anything_ros.data.sample import DataError
from depth_anything_ros.data.tar_set import COMPRESSED, TAR, TarSet

SHAPES: dict[str, type[PictureSet]] = {
    'folder': FolderSet,
    'tar': TarSet,
    'lmdb': LmdbSet,
    'parquet': ParquetSet,
}
_LOOKED_AT = 100_000


@dataclass(frozen=True)
class Facts:
    """What is known of a set: pictures in the papers' count, how it is shipped, where from."""

    title: str
    pictures: int
    shipped: str
    source: str
    licence: str


UNLABELLED = {
    'bdd100k': Facts(
        'BDD100K',
        8_200_000,
        'zip of videos (100,000 of 40 s) or of JPEG in images/100k/{train,val,test}',
        'bdd-data.berkeley.edu',
        'own licence: education, research and not-for-profit',
    ),
    'google_landmarks': Facts(
        'Google Landmarks v2',
        4_100_000,
        '500 tar files, {train,index,test}/images_NNN.tar, JPEG in a/b/c/abc...jpg',
        'github.com/cvdfoundation/google-landmark',
        'each picture its own (Creative Commons, public domain)',
    ),
    'imagenet21k': Facts(
        'ImageNet-21K',
        13_100_000,
        'winter21_whole.tar.gz: a tar file of JPEG for each class (nNNNNNNNN.tar)',
        'image-net.org/download-images',
        'own terms: non-commercial research and education',
    ),
    'lsun': Facts(
        'LSUN',
        9_800_000,
        'zip for each category and part: NAME_train_lmdb/data.mdb, values JPEG or WebP',
        'github.com/fyu/lsun',
        'none stated',
    ),
    'objects365': Facts(
        'Objects365',
        1_700_000,
        'patchN.tar.gz of JPEG',
        'objects365.org',
        'annotations CC BY 4.0; each picture its own (Flickr)',
    ),
    'openimages': Facts(
        'Open Images V7',
        7_800_000,
        'train_N.tar.gz (0-9, a-f) of JPEG, or single files',
        'storage.googleapis.com/openimages/web/download_v7.html',
        'listed as CC BY 2.0',
    ),
    'places365': Facts(
        'Places365',
        6_500_000,
        'tar files of JPEG in folders by category',
        'places2.csail.mit.edu',
        'own terms: non-commercial research and education',
    ),
    'sa1b': Facts(
        'SA-1B',
        11_100_000,
        '1,000 tar files sa_NNNNNN.tar, each sa_N.jpg beside sa_N.json',
        'ai.meta.com/datasets/segment-anything',
        'SA-1B Dataset Research License',
    ),
}
"""By the name under which a set is opened."""

PICTURES = 'pictures'
"""The name of any other pictures."""


def open_pictures(
    name: str,
    path: Path,
    shape: str | None = None,
    fresh: bool = False,
    column: str | None = None,
    key: str | None = None,
) -> PictureSet:
    """Open pictures in folders, tar files, Parquet files or LMDB databases.

    ``shape`` is 'folder', 'tar', 'parquet' or 'lmdb', by default what is there. ``column`` and
    ``key`` are of Parquet alone (see `ParquetSet`). Raises DataError for another shape, where there
    are pictures of two shapes or none, and MissingPackageError.
    """
    if shape is None:
        shape = shape_of(path)
    if shape not in SHAPES:
        raise DataError(f'{name} has no shape {shape!r}: use one of {", ".join(SHAPES)}')
    if shape == ParquetSet.shape:
        return ParquetSet(name, path, fresh, column, key)
    if column or key:
        raise DataError(f'{path} is no Parquet, which alone has column and key: leave them out')
    return SHAPES[shape](name, path, fresh)


def shape_of(path: Path) -> str:
    """Return 'folder', 'tar', 'parquet' or 'lmdb' by the files below a path. Raises DataError."""
    shapes: dict[str, str] = {}
    for number, entry in enumerate(walk(path)):
        lower = entry.path.lower()
        if lower.rpartition('/')[2] == DATABASE:
            shapes.setdefault('lmdb', entry.path)
        elif lower.endswith((TAR, *COMPRESSED)):
            shapes.setdefault('tar', entry.path)
        elif lower.endswith(PARQUET):
            shapes.setdefault('parquet', entry.path)
        elif is_picture_name(lower):
            shapes.setdefault('folder', entry.path)
        if number > _LOOKED_AT and shapes:
            break
    if not shapes:
        raise DataError(f'{path}: no pictures here, nor tar or Parquet files, nor LMDB databases')
    if len(shapes) > 1:
        listed = ', '.join(f'{shape} ({example})' for shape, example in shapes.items())
        raise DataError(f'{path} has pictures of several shapes: {listed}: choose one by shape')
    return next(iter(shapes))


OPENERS = {name: partial(open_pictures, name) for name in (*UNLABELLED, PICTURES)}
