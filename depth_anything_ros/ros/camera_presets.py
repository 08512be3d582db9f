# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What launch files know of cameras: the topics of their drivers, and parameters that fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from depth_anything_ros.media.plain_yaml import PlainYamlError, read_plain_yaml

TOPICS = {'image': 'image', 'image_compressed': 'image/compressed', 'camera_info': 'camera_info'}
"""Keys of a preset, and the topics of depth_node that they stand for."""


class PresetError(ValueError):
    """A file of cameras that cannot be; the message says what to correct."""


@dataclass(frozen=True)
class Camera:
    """A camera's topics by the keys of TOPICS, and parameters of depth_node for it."""

    topics: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def remappings(self, prefix: str = '') -> list[tuple[str, str]]:
        """Return (topic of depth_node, that of the camera); ``prefix`` is NAME/ for one of many."""
        return [(prefix + TOPICS[key], topic) for key, topic in self.topics.items()]


def read_preset(name: str, folder: Path) -> Camera:
    """Read the preset of a camera: a name in ``folder``, or the path of a YAML file.

    Raises PresetError.
    """
    path = Path(name).expanduser()
    if path.suffix not in ('.yaml', '.yml'):
        path = folder / f'{name}.yaml'
        if not path.is_file():
            known = ', '.join(sorted(file.stem for file in folder.glob('*.yaml')))
            raise PresetError(f'no camera {name!r}: choose one of {known}, or give a YAML file')
    return _camera(_read(path), str(path))


def read_cameras(path: Path, folder: Path) -> tuple[dict[str, Camera], dict[str, Any]]:
    """Read a file of several cameras; return them by name, and the parameters for all.

    A camera may name a ``preset``, and what it says itself goes before. Raises PresetError.
    """
    document = _read(path)
    _check_keys(document, ('cameras', 'parameters'), str(path))
    listed = document.get('cameras')
    if not isinstance(listed, Mapping) or not listed:
        raise PresetError(f'{path}: cameras must have a name with topics for each camera')
    cameras = {}
    for name, content in listed.items():
        where = f'{path}: camera {name}'
        content = dict(_mapping(content or {}, where))
        preset = content.pop('preset', None)
        base = Camera() if preset is None else read_preset(str(preset), folder)
        own = _camera(content, where)
        cameras[str(name)] = Camera(
            {**base.topics, **own.topics}, {**base.parameters, **own.parameters}
        )
    return cameras, dict(_mapping(document.get('parameters') or {}, f'{path}: parameters'))


def node_parameters(cameras: Mapping[str, Camera], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a node for several cameras: names, those for all, those of each."""
    own = {
        f'{name}.{key}': value
        for name, camera in cameras.items()
        for key, value in flat(camera.parameters).items()
    }
    return {**flat(shared), **own, 'cameras': list(cameras)}


def flat(parameters: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    """Return nested parameters by their full names, as scan.max_height."""
    named: dict[str, Any] = {}
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            named.update(flat(value, f'{prefix}{key}.'))
        else:
            named[f'{prefix}{key}'] = value
    return named


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return _mapping(read_plain_yaml(path), str(path))
    except PlainYamlError as error:
        raise PresetError(f'{path} is not plain YAML: {error}') from error
    except OSError as error:
        raise PresetError(f'{path} cannot be read: {error.strerror or error}') from error


def _camera(content: Mapping[str, Any], where: str) -> Camera:
    _check_keys(content, (*TOPICS, 'parameters'), where)
    topics = {key: content[key] for key in TOPICS if key in content}
    for key, topic in topics.items():
        if not isinstance(topic, str) or not topic:
            raise PresetError(f'{where}: {key} is {topic!r}: give the name of a topic')
    return Camera(topics, _mapping(content.get('parameters') or {}, f'{where}: parameters'))


def _check_keys(content: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    unknown = sorted(str(key) for key in content if key not in known)
    if unknown:
        raise PresetError(f'{where}: {", ".join(unknown)} is unknown; known are {", ".join(known)}')


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PresetError(f'{where} must be a mapping of names to values, got {value!r}')
    return value
