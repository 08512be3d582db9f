# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The procedural world written as one of the published sets, so that one reader serves both."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from depth_anything_ros.data import hypersim, tartanair, vkitti2
from depth_anything_ros.data.clip import SCENE_SECONDS, ProceduralClip
from depth_anything_ros.data.hdf5 import require_h5py, write_hdf5
from depth_anything_ros.data.paired import Layout
from depth_anything_ros.data.sample import DataError
from depth_anything_ros.geometry.transform import Transform, quaternion_of

JPEG_QUALITY = 95
FAR_SPHERE = 10000.0
"""Metres, where TartanAir has its sky."""

_NED = np.diag([1.0, -1.0, -1.0])  # a world with z up, seen with y to the right and z down


@dataclass(frozen=True)
class Frame:
    """A picture of the film: its scene, its number there, and where the camera was."""

    scene: int
    number: int
    rgb: np.ndarray
    depth: np.ndarray
    pose: Transform
    focal: float


@dataclass(frozen=True)
class Target:
    """A layout that can be written, with the camera of the set: its size and focal length.

    ``fields`` tells the fields of the layout's forms of a frame; ``depth`` writes a file of depth,
    ``notes`` what else the set has: camera and pose.
    """

    layout: Layout
    width: int
    height: int
    focal: float
    fields: Callable[[Frame], dict[str, str]]
    depth: Callable[[Path, np.ndarray], None]
    notes: Callable[[Path, Frame], None] | None = None


def render_set(
    name: str,
    root: Path,
    count: int,
    seed: int,
    per_scene: int,
    width: int | None = None,
    rich: float = 0.0,
) -> Iterator[str]:
    """Write ``count`` pictures with depth in the layout of a set; yield their keys as they come.

    The camera goes ``per_scene`` frames through each scene, with the set's field of view. ``width``
    shrinks the pictures, by default the set's own. ``rich`` is the share of scenes with glass, fog
    and the like. The same arguments give the same files. Raises DataError for another set, a
    folder that is not empty and a set with more scenes than its names allow, MissingPackageError,
    and OSError.
    """
    if name not in TARGETS:
        raise DataError(f'{name!r} is no layout to render: use one of {", ".join(TARGETS)}')
    target = TARGETS[name]
    if root.exists() and any(root.iterdir()):
        raise DataError(f'{root} is not empty: render into a new folder')
    if name == 'hypersim':
        require_h5py()
    width = width or target.width
    height = max(1, round(target.height * width / target.width))
    focal = target.focal * width / target.width
    fov = 2 * math.atan(math.hypot(width, height) / 2 / focal)
    clip = ProceduralClip(seed, width, height, per_scene / SCENE_SECONDS, fov, rich)
    root.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        rgb, depth = clip.frame(index)
        frame = Frame(
            clip.scene(index), index % per_scene, rgb, depth, clip.pose(index), clip.intrinsics.fx
        )
        yield _write(target, root, frame)


def _write(target: Target, root: Path, frame: Frame) -> str:
    """Write a frame; return its key."""
    fields = target.fields(frame)
    key = target.layout.key.path(fields)
    if target.layout.key.fields(key) is None:
        raise DataError(f'{target.layout.name} has no name for scene {frame.scene}: render fewer')
    picture, depth = (
        root / form.path(fields) for form in (target.layout.picture, target.layout.map)
    )
    for path in (picture, depth):
        path.parent.mkdir(parents=True, exist_ok=True)
    encoded = cv2.imencode(
        picture.suffix,
        cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if picture.suffix == '.jpg' else [],
    )[1]
    picture.write_bytes(encoded.tobytes())
    target.depth(depth, frame.depth)
    if target.notes is not None:
        target.notes(root, frame)
    return key


def write_centimetres(path: Path, depth: np.ndarray) -> None:
    """Write depth as Virtual KITTI 2 has it: whole centimetres, the largest value for the sky."""
    steps = np.rint(np.minimum(depth * vkitti2.PER_METRE, vkitti2.SKY)).astype(np.uint16)
    path.write_bytes(cv2.imencode('.png', np.maximum(steps, 1))[1].tobytes())


def write_planar(path: Path, depth: np.ndarray) -> None:
    """Write depth as TartanAir has it: metres, and the sky on a far sphere."""
    np.save(path, np.minimum(depth, np.float32(FAR_SPHERE)))


def write_distance(path: Path, depth: np.ndarray) -> None:
    """Write depth as Hypersim has it: metres along the ray, NaN where there is nothing."""
    distance = np.where(np.isfinite(depth), depth, np.nan) * hypersim.ray_lengths(*depth.shape)
    write_hdf5(path, 'dataset', distance.astype(np.float32))


def _vkitti2_fields(frame: Frame) -> dict[str, str]:
    scene = f'Scene{frame.scene:02d}'
    return {'scene': scene, 'weather': 'clone', 'camera': '0', 'frame': f'{frame.number:05d}'}


def _vkitti2_notes(root: Path, frame: Frame) -> None:
    """Add the lines of a frame to intrinsic.txt and extrinsic.txt, world to camera."""
    folder = root / f'Scene{frame.scene:02d}' / 'clone'
    height, width = frame.depth.shape
    inverse = frame.pose.inverse()
    matrix = np.vstack([np.column_stack([inverse.rotation, inverse.translation]), [0, 0, 0, 1]])
    names = ' '.join(f'r{row},1 r{row},2 r{row},3 t{row}' for row in '123') + ' 0 0 0 1'
    _add(
        folder / 'intrinsic.txt',
        'frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]',
        [frame.number, 0, frame.focal, frame.focal, (width - 1) / 2, (height - 1) / 2],
    )
    _add(folder / 'extrinsic.txt', f'frame cameraID {names}', [frame.number, 0, *matrix.ravel()])


def _tartanair_fields(frame: Frame) -> dict[str, str]:
    path = f'procedural/Easy/P{frame.scene:03d}'
    return {'path': path, 'side': 'left', 'frame': f'{frame.number:06d}'}


def _tartanair_notes(root: Path, frame: Frame) -> None:
    """Add a frame's line to pose_left.txt: the camera looks along x, y right, z down (NED)."""
    axes = frame.pose.rotation[:, [2, 0, 1]]
    position = _NED @ frame.pose.translation
    path = root / 'procedural' / 'Easy' / f'P{frame.scene:03d}' / 'pose_left.txt'
    _add(path, '', [*position, *quaternion_of(_NED @ axes)])


def _hypersim_fields(frame: Frame) -> dict[str, str]:
    volume, scene = divmod(frame.scene, 999)
    name = f'ai_{volume + 1:03d}_{scene + 1:03d}'
    return {'scene': name, 'camera': 'cam_00', 'frame': f'{frame.number:04d}'}


def _add(path: Path, title: str, numbers: list[float]) -> None:
    """Add a line of numbers to a file, which begins with its title if it has one."""
    fresh = not path.exists()
    with path.open('a', encoding='ascii') as file:
        if fresh and title:
            file.write(f'{title}\n')
        file.write(' '.join(f'{number:.9g}' for number in numbers) + '\n')


TARGETS = {
    'vkitti2': Target(
        vkitti2.vkitti2_layout(0), 1242, 375, 725.0087, _vkitti2_fields, write_centimetres,
        _vkitti2_notes,
    ),
    'tartanair': Target(
        tartanair.tartanair_layout('left'), 640, 480, 320.0, _tartanair_fields, write_planar,
        _tartanair_notes,
    ),
    'hypersim': Target(
        hypersim.LAYOUT, hypersim.WIDTH, 768, hypersim.FOCAL, _hypersim_fields, write_distance
    ),
}  # fmt: skip
"""Layouts that can be written, by the name under which they are read."""
