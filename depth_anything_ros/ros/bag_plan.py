# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From what somebody wants of a bag to settings and topics for each of its cameras."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.transform import TransformError
from depth_anything_ros.ros.bag_camera import CameraPlan
from depth_anything_ros.ros.bag_messages import COMPRESSED
from depth_anything_ros.ros.bag_survey import FoundTopic, Survey, info_topic_of, namespace_of
from depth_anything_ros.ros.extrinsics import extrinsics_from
from depth_anything_ros.ros.frame_outputs import (
    COLOR_TOPIC,
    DEPTH_TOPIC,
    INFO_TOPIC,
    SCALE_TOPIC,
)
from depth_anything_ros.ros.frame_publisher import space_class
from depth_anything_ros.ros.parameter_table import Parameter, ParameterError
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings

OUTPUTS = {
    'depth': tuple(DEPTH_TOPIC.values()),
    'camera_info': (INFO_TOPIC,),
    'color': (COLOR_TOPIC,),
    'points': ('points',),
    'points_clearing': ('points_clearing',),
    'obstacles': ('obstacles',),
    'scan': ('scan',),
}
"""The node's topics by what they are asked for."""
USUAL = ('depth', 'camera_info', 'color', 'points', 'obstacles', 'scan')
NEED_METRES = ('points', 'points_clearing', 'obstacles', 'scan')
NEED_POSE = ('obstacles', 'scan')
REFERENCES = ('points', 'depth', 'scan')

_ELSEWHERE = {
    'model': '--model', 'weights': '--weights', 'max_depth': '--max-depth', 'device': '--device',
    'precision': '--precision', 'cameras': '--camera', 'rate_limit': '--rate-limit',
}  # fmt: skip
_LIVE_ONLY = ('autostart', 'save_folder', 'compressed', 'max_age', 'skip_unheard', 'compiled')
"""Parameters of the node that mean nothing in a bag, as do those of diagnostics."""


class PlanError(ValueError):
    """Something is asked for that cannot be had of this bag or network."""


class NoCameraError(PlanError):
    """A bag has nothing that could be made depth of."""


@dataclass(frozen=True)
class Wishes:
    """What is asked for.

    ``cameras`` are image topics, none for all; ``prefix`` is where depth goes in place of a
    camera's namespace, with {ns} for that; ``outputs`` are names of OUTPUTS, None for the usual
    that can be made; ``scale`` is KIND:TOPIC, 'ground' or 'fixed:A,B'; ``parameters`` are those of
    the node, checked, by name.
    """

    cameras: tuple[str, ...] = ()
    prefix: str | None = None
    outputs: tuple[str, ...] | None = None
    scale: str | None = None
    camera_info: str | None = None
    parameters: Mapping[str, Any] | None = None


def parameter_of(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE as a parameter of the node, checked. Raises ParameterError."""
    name, equals, value = text.partition('=')
    name = name.strip()
    rows: dict[str, Parameter] = {row.name: row for row in DEPTH_PARAMETERS}
    if not equals or name not in rows:
        raise ParameterError(
            f'{text!r}: give NAME=VALUE with a parameter of the node, such as points.rows=4 '
            '(docs/parameters.md has all)'
        )
    if name in _ELSEWHERE:
        raise ParameterError(f'parameter {name}: here it is the option {_ELSEWHERE[name]}')
    if name in _LIVE_ONLY or name.startswith('diagnostics.'):
        raise ParameterError(f'parameter {name} is for a running node, in a bag it means nothing')
    return name, rows[name].check(_value(value.strip(), type(rows[name].default)))


def settings_of(values: Mapping[str, Any]) -> DepthSettings:
    """Return the node's defaults with some other values. Raises ParameterError."""
    defaults = {row.name: row.default for row in DEPTH_PARAMETERS}
    settings = DepthSettings.of({**defaults, 'skip_unheard': False, **values})
    try:
        extrinsics_from(settings.scale.extrinsics)
    except TransformError as error:
        raise ParameterError(f'parameter {error}') from error
    return settings


def scale_values(text: str) -> tuple[dict[str, Any], str | None]:
    """Return the parameters of a scale by KIND:TOPIC, and the topic. Raises PlanError."""
    kind, _, rest = text.partition(':')
    if kind == 'ground' and not rest:
        return {'scale.source': 'ground'}, None
    if kind == 'fixed':
        numbers = rest.replace(',', ' ').split()
        try:
            a, b = (float(number) for number in numbers)
        except ValueError as error:
            raise PlanError(f'--scale {text!r}: give fixed:A,B as calibrate tells them') from error
        return {'scale.source': 'fixed', 'scale.a': a, 'scale.b': b}, None
    if kind in REFERENCES and rest:
        return {'scale.source': kind}, rest
    raise PlanError(
        f'--scale {text!r}: give points:/TOPIC, depth:/TOPIC, scan:/TOPIC, ground, or fixed:A,B'
    )


def plan(wishes: Wishes, found: Survey, kind: DepthKind) -> list[CameraPlan]:
    """Return what is to be done for each camera. Raises PlanError and ParameterError."""
    values = dict(wishes.parameters or {})
    sources: dict[str, str] = {}
    if wishes.scale is not None:
        scale, topic = scale_values(wishes.scale)
        values |= scale
        if topic is not None:
            sources |= _reference(scale['scale.source'], topic, found)
    settings = settings_of(values)
    if settings.scale.source in REFERENCES and not sources:
        raise PlanError(
            f'scale.source is {settings.scale.source}: name the topic, '
            f'--scale {settings.scale.source}:/TOPIC'
        )
    if settings.pose.source == 'imu':
        sources['imu'] = _imu(found)
    if settings.pose.source == 'tf' and not found.has_tf:
        raise PlanError('pose.source is tf, and the bag has no /tf: give pose.source=fixed')
    if wishes.camera_info is not None and wishes.camera_info not in found.topics:
        raise PlanError(f'--camera-info {wishes.camera_info}: the bag has no such topic')
    if settings.scale.source != 'none' and space_class() is None:
        raise PlanError('--scale needs torch: pip install torch')
    wanted = _wanted(wishes.outputs, settings, kind)
    cameras = _cameras(wishes, found)
    if wishes.prefix is not None and len(cameras) > 1 and '{ns}' not in wishes.prefix:
        raise PlanError(
            f'--prefix {wishes.prefix!r} would put {len(cameras)} cameras in one place: write '
            "{ns} in it, which is each camera's namespace"
        )
    plans = []
    for camera in cameras:
        beside = camera.camera_info or info_topic_of(camera.topic, camera.msgtype)
        info = wishes.camera_info or beside
        plans.append(
            CameraPlan(
                camera.topic,
                _prefix(wishes.prefix, namespace_of(camera)),
                settings_of({**values, 'compressed': camera.msgtype == COMPRESSED}),
                wanted,
                {'camera_info': info, **sources},
            )
        )
    _check_free(plans, found, kind)
    return plans


def _cameras(wishes: Wishes, found: Survey) -> list[FoundTopic]:
    if not wishes.cameras:
        taken, _ = found.default_cameras()
        if not taken:
            raise NoCameraError('the bag has no images that could be made depth of; see --list')
        return taken
    cameras = []
    for topic in dict.fromkeys(wishes.cameras):
        camera = found.camera(topic)
        if camera is None:
            there = ', '.join(each.topic for each in found.cameras) or 'none'
            raise PlanError(f'--camera {topic}: the bag has no such images; it has {there}')
        cameras.append(camera)
    return cameras


def _wanted(
    outputs: Sequence[str] | None, settings: DepthSettings, kind: DepthKind
) -> frozenset[str]:
    has_metres = kind is DepthKind.METRIC or settings.scale.source != 'none'
    has_pose = settings.pose.source != 'none'
    if outputs is None:
        names = [
            name
            for name in USUAL
            if (has_metres or name not in NEED_METRES) and (has_pose or name not in NEED_POSE)
        ]
    else:
        names = list(outputs)
        unknown = [name for name in names if name not in OUTPUTS]
        if unknown or not names:
            raise PlanError(f'--topics: give any of {", ".join(OUTPUTS)}, with commas')
        metric = [name for name in names if name in NEED_METRES]
        if metric and not has_metres:
            raise PlanError(
                f'{", ".join(metric)} need metres, which this relative model has not: take a '
                'metric one (`depth-anything models`) or give --scale'
            )
        posed = [name for name in names if name in NEED_POSE]
        if posed and not has_pose:
            raise PlanError(
                f'{", ".join(posed)} need to know how the camera stands: --param pose.source=tf, '
                'or --param pose.source=fixed --param pose.height=METRES'
            )
    return frozenset(topic for name in names for topic in OUTPUTS[name]) | {SCALE_TOPIC}


def _prefix(wanted: str | None, namespace: str) -> str:
    prefix = namespace if wanted is None else wanted.replace('{ns}', namespace)
    prefix = '/' + prefix.strip('/') if prefix.strip('/') else ''
    if prefix and not re.fullmatch(r'(/[A-Za-z_][A-Za-z0-9_]*)+', prefix):
        raise PlanError(f'--prefix {wanted!r} makes {prefix!r}, which no topic can begin with')
    return prefix


def _check_free(plans: Sequence[CameraPlan], found: Survey, kind: DepthKind) -> None:
    """Refuse topics that the bag has, or that two cameras would share."""
    taken: dict[str, str] = {}
    for each in plans:
        for name in each.topics(kind):
            topic = f'{each.prefix}/{name}'
            if topic in found.topics:
                raise PlanError(
                    f'the bag has {topic} already: depth of {each.image} goes elsewhere with '
                    '--prefix'
                )
            if topic in taken:
                raise PlanError(
                    f'{taken[topic]} and {each.image} would both become {topic}: give one of them '
                    'as --camera'
                )
            taken[topic] = each.image


def _reference(source: str, topic: str, found: Survey) -> dict[str, str]:
    there = [each.topic for each in found.references.get(source, ())]
    if topic not in there:
        names = ', '.join(there) or 'none'
        raise PlanError(f'--scale {source}:{topic}: the bag has no such topic; it has {names}')
    sources = {f'reference/{source}': topic}
    if source == 'depth':
        sources['reference/camera_info'] = f'{topic.rpartition("/")[0]}/camera_info'
    return sources


def _imu(found: Survey) -> str:
    there = [each.topic for each in found.imus]
    if len(there) != 1:
        names = ', '.join(there) or 'none'
        raise PlanError(f'pose.source is imu, and the bag must have one; it has {names}')
    return there[0]


def _value(text: str, kind: type) -> Any:
    """Return a text as a value of a kind; what it cannot be stays a text, for the check."""
    if kind is bool:
        return {'true': True, 'false': False}.get(text.lower(), text)
    try:
        return int(text) if kind is int else float(text) if kind is float else text
    except ValueError:
        return text
