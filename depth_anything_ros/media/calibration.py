# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera calibrations in ROS's own YAML format."""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from depth_anything_ros.media.plain_yaml import PlainYamlError, read_plain_yaml

# How many coefficients the models of sensor_msgs/distortion_models.hpp take.
DISTORTION_MODELS = {'plumb_bob': (4, 5), 'rational_polynomial': (8, 12, 14), 'equidistant': (4,)}
_MAX_SIZE = 2**16
_SHOWN = 80


class CalibrationError(ValueError):
    """A calibration file cannot be read, or one of its fields is wrong."""


@dataclass(frozen=True)
class Calibration:
    """What a calibration file holds, matrices row by row as in sensor_msgs/CameraInfo.

    ``k`` (3x3), ``r`` (3x3) and ``p`` (3x4) are in pixels at width x height; ``d`` are the
    coefficients of ``distortion_model``.
    """

    width: int
    height: int
    camera_name: str
    distortion_model: str
    d: tuple[float, ...]
    k: tuple[float, ...]
    r: tuple[float, ...]
    p: tuple[float, ...]

    def scaled(self, width: int, height: int) -> Calibration:
        """Return the calibration of the same picture resized to width x height.

        Plain ratios on K and P, as image_proc's resize node has it. Raises CalibrationError when
        the aspect differs by more than a pixel's rounding: that would be a crop, and nothing says
        where.
        """
        if (width, height) == (self.width, self.height):
            return self
        if abs(width * self.height / self.width - height) > 1.0:
            raise CalibrationError(
                f'calibration of camera {self.camera_name!r} is for {self.width}x{self.height} '
                f'pictures, these are {width}x{height}: calibrate at this aspect, or set '
                'width and height'
            )
        x, y = width / self.width, height / self.height
        k = tuple(v * (x, y, 1.0)[i // 3] for i, v in enumerate(self.k))
        p = tuple(v * (x, y, 1.0)[i // 4] for i, v in enumerate(self.p))
        return replace(self, width=width, height=height, k=k, p=p)


def read_calibration(path: str | Path) -> Calibration:
    """Read a calibration file as camera_calibration and camera_info_manager write it.

    A leading ``file://`` is dropped. Raises CalibrationError naming the file and the field.
    """
    path = Path(str(path).removeprefix('file://'))
    try:
        path = path.expanduser()
        document = read_plain_yaml(path)
    except PlainYamlError as error:
        raise CalibrationError(f'calibration file {path} is not plain YAML: {error}') from error
    # A home that is not there is a RuntimeError, a zero in the name a ValueError.
    except (OSError, RuntimeError, ValueError) as error:
        raise CalibrationError(f'calibration file {path} cannot be read: {error}') from error
    if not isinstance(document, Mapping):
        raise CalibrationError(f'calibration file {path} holds no fields (image_width, ...)')
    try:
        return _parse(document)
    except CalibrationError as error:
        raise CalibrationError(f'calibration file {path}: {error}') from None


def calibration_yaml(calibration: Calibration) -> bytes:
    """Return a calibration as a file that ``read_calibration`` and camera_info_manager read."""
    c = calibration
    lines = [
        f'image_width: {c.width}',
        f'image_height: {c.height}',
        f'camera_name: {json.dumps(c.camera_name)}',
        f'distortion_model: {json.dumps(c.distortion_model)}',
    ]
    for name, values, rows in (
        ('camera_matrix', c.k, 3),
        ('distortion_coefficients', c.d, 1),
        ('rectification_matrix', c.r, 3),
        ('projection_matrix', c.p, 3),
    ):
        lines += [f'{name}:', f'  rows: {rows}', f'  cols: {len(values) // rows}']
        lines.append(f'  data: [{", ".join(map(_yaml_number, values))}]')
    return ('\n'.join(lines) + '\n').encode()


def _yaml_number(value: float) -> str:
    """Return a number as YAML 1.1 has it: 1e-05 would be a text."""
    text = repr(float(value))
    if 'e' in text and '.' not in text:
        text = text.replace('e', '.0e')
    return text if math.isfinite(value) else {'nan': '.nan', 'inf': '.inf'}.get(text, '-.inf')


def _parse(document: Mapping[str, Any]) -> Calibration:
    model = document.get('distortion_model', 'plumb_bob')  # older files leave it out
    if not isinstance(model, str) or model not in DISTORTION_MODELS:
        raise CalibrationError(
            f'distortion_model {_shown(model)} is none of {", ".join(DISTORTION_MODELS)}'
        )
    d = _matrix(document, 'distortion_coefficients', None, None)
    if len(d) not in DISTORTION_MODELS[model]:
        wanted = ' or '.join(map(str, DISTORTION_MODELS[model]))
        raise CalibrationError(
            f'distortion_coefficients has {len(d)} numbers, model {model} takes {wanted}'
        )
    k = _matrix(document, 'camera_matrix', 3, 3)
    if k[0] <= 0.0 or k[4] <= 0.0:
        raise CalibrationError(
            f'camera_matrix: focal lengths must be above 0, got {k[0]} and {k[4]}'
        )
    return Calibration(
        width=_size(document, 'image_width'),
        height=_size(document, 'image_height'),
        camera_name=_name(document),
        distortion_model=model,
        d=d,
        k=k,
        r=_matrix(document, 'rectification_matrix', 3, 3),
        p=_matrix(document, 'projection_matrix', 3, 4),
    )


def _name(document: Mapping[str, Any]) -> str:
    value = document.get('camera_name', 'camera')
    if not isinstance(value, (str, int, float)):  # 0042 and 1.0 are names too
        raise CalibrationError(f'camera_name must be a text, got {_shown(value)}')
    return str(value)


def _size(document: Mapping[str, Any], field: str) -> int:
    value = document.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MAX_SIZE:
        raise CalibrationError(f'{field} must be a number of pixels above 0, got {_shown(value)}')
    return value


def _matrix(
    document: Mapping[str, Any], field: str, rows: int | None, cols: int | None
) -> tuple[float, ...]:
    """Return the data of a matrix field, checked against its own and the wanted size."""
    entry = document.get(field)
    if not isinstance(entry, Mapping):
        raise CalibrationError(f'{field} is missing or holds no rows, cols and data')
    for name, wanted in (('rows', rows), ('cols', cols)):
        count = entry.get(name)
        whole = isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MAX_SIZE
        if not whole or wanted not in (None, count):
            expected = 'a whole number' if wanted is None else wanted
            raise CalibrationError(f'{field}: {name} must be {expected}, got {_shown(count)}')
    data = entry.get('data')
    if not isinstance(data, list) or len(data) != entry['rows'] * entry['cols']:
        found = f'{len(data)} numbers' if isinstance(data, list) else _shown(data)
        raise CalibrationError(
            f'{field}: data must be {entry["rows"] * entry["cols"]} numbers, got {found}'
        )
    return tuple(_number(field, value) for value in data)


def _number(field: str, value: Any) -> float:
    try:
        # YAML 1.1 reads 1e-05, as C++ writes it, as a string.
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise CalibrationError(f'{field}: {_shown(value)} is not a finite number')
    return number


def _shown(value: Any) -> str:
    """Return a value as the file has it, or the beginning of a long one."""
    if isinstance(value, int) and value.bit_length() > _SHOWN:
        return f'a number of {value.bit_length()} bits'
    return reprlib.repr(value) if isinstance(value, (dict, list)) else repr(value)[:_SHOWN]
