# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `depth-anything bag` says of a bag, and of what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from depth_anything_ros.media.bag_input import BagInput
from depth_anything_ros.ros.bag_camera import BagCamera
from depth_anything_ros.ros.bag_run import BagOutcome
from depth_anything_ros.ros.bag_survey import FoundTopic, Survey, first_info

MOST_SHOWN = 20
"""Troubles that are listed; --json has all."""


def show(opened: BagInput, found: Survey, as_json: bool) -> None:
    """Print what can be done with a bag."""
    begin, end = opened.span
    taken, _ = found.default_cameras()
    told: dict[str, Any] = {
        'bag': str(opened.path),
        'ros': 1 if opened.ros1 else 2,
        'start': begin / 1e9,
        'seconds': (end - begin) / 1e9,
        'cameras': [
            {**asdict(each), 'calibrated': _calibrated(opened, each), 'taken': each in taken}
            for each in found.cameras
        ],
        'scale_references': {
            kind: [asdict(each) for each in topics] for kind, topics in found.references.items()
        },
        'imus': [each.topic for each in found.imus],
        'tf': found.has_tf,
        'trouble': opened.trouble,
    }
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    typer.echo(f'{opened.path}: ROS {told["ros"]}, {told["seconds"]:.1f} s')
    typer.echo('cameras (* is taken where none is asked for):' if found.cameras else 'no cameras')
    for camera in told['cameras']:
        mark = '*' if camera['taken'] else ' '
        info = camera['camera_info'] or 'no camera_info'
        if camera['camera_info'] and not camera['calibrated']:
            info += ' (not calibrated)'
        typer.echo(f'{mark} {_line(camera)}  {info}')
    typer.echo('scale references:' if found.references else 'no scale references')
    for kind, topics in found.references.items():
        for each in topics:
            typer.echo(f'  --scale {kind}:{_line(asdict(each))}')
    typer.echo(f'/tf: {"yes" if found.has_tf else "no"}; IMU: {", ".join(told["imus"]) or "none"}')
    if opened.trouble:
        typer.echo(f'warning: {opened.trouble}', err=True)


def _line(topic: Mapping[str, Any]) -> str:
    kind = topic['msgtype'].rpartition('/')[2]
    detail = f' {topic["detail"]}' if topic['detail'] else ''
    return f'{topic["topic"]}  {kind}{detail}  {topic["count"]} ({topic["rate"]:.1f} Hz)'


def _calibrated(opened: BagInput, camera: FoundTopic) -> bool:
    info = None if camera.camera_info is None else first_info(opened, camera.camera_info)
    return info is not None and float(info.k[0]) > 0


def report(
    outcome: BagOutcome,
    cameras: Mapping[str, BagCamera],
    found: Survey,
    target: Path,
    seconds: float,
    as_json: bool,
) -> bool:
    """Tell what came of a run; return whether all that was to be done was done."""
    counts = {topic: camera.counters.counts().as_dict() for topic, camera in cameras.items()}
    notes = [
        (f'{topic}: {text}', count)
        for topic, camera in cameras.items()
        for text, count in camera.notes.counted()
    ]
    if outcome.trouble:
        notes.insert(0, (outcome.trouble, 1))
    for topic, count in outcome.lost.items():
        notes.append((f'{topic} could not be converted: {outcome.reasons[topic]}', count))
    if outcome.damaged:
        notes.append(('messages that cannot be read were copied, but not used', outcome.damaged))
    for text, count in notes[:MOST_SHOWN]:
        typer.echo(f'{text}{f" ({count} times)" if count > 1 else ""}', err=True)
    if len(notes) > MOST_SHOWN:
        typer.echo(f'... and {len(notes) - MOST_SHOWN} more (see --json)', err=True)
    published = sum(each['published'] for each in counts.values())
    lost = sum(each['rejected'] + each['failed'] for each in counts.values())
    copied, added = sum(outcome.copied.values()), sum(outcome.added.values())
    rate = published / seconds if seconds > 0 else 0.0
    if as_json:
        told = {
            'output': str(target),
            'cameras': {
                topic: {
                    **counts[topic],
                    'prefix': camera.plan.prefix,
                    'repeated_stamps': camera.repeated,
                    'backward_stamps': camera.backward,
                }
                for topic, camera in cameras.items()
            },
            'copied': outcome.copied,
            'added': outcome.added,
            'not_converted': outcome.lost,
            'left_alone': [each.topic for each in found.cameras if each.topic not in cameras],
            'notes': [{'text': text, 'count': count} for text, count in notes],
            'whole': not outcome.trouble,
            'seconds': round(seconds, 3),
            'pictures_per_second': round(rate, 3),
        }
        typer.echo(json.dumps(told, indent=2))
    else:
        for topic, each in counts.items():
            words = ', '.join(f'{count} {name}' for name, count in each.items() if count)
            typer.echo(f'{topic}: {words or "no pictures"}')
        typer.echo(
            f'{added} messages added to {copied} in {target}; {seconds:.1f} s, '
            f'{rate:.1f} pictures/s'
        )
    return bool(published) and not (lost or outcome.lost or outcome.trouble)
