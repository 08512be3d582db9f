# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything bag`: what depth_node makes of camera topics, added to a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from depth_anything_ros.cli.loading import (
    DeviceOption,
    InputSizeOption,
    JsonOption,
    MaxDepthOption,
    ModelOption,
    PrecisionOption,
    WeightsOption,
    load_estimator,
)


def bag(
    source: Annotated[
        Path,
        typer.Argument(
            help='The bag: a ROS 1 .bag, a folder of `ros2 bag`, a single .mcap or .db3 file.',
            metavar='IN',
            readable=False,  # we say what is wrong with it
        ),
    ],
    target: Annotated[
        Path | None,
        typer.Argument(
            help='The new bag: a folder, or a single file that ends with .mcap, .db3 or .bag.',
            metavar='OUT',
        ),
    ] = None,
    listed: Annotated[
        bool, typer.Option('--list', help='Show cameras and possible scale references, and end.')
    ] = False,
    cameras: Annotated[
        list[str] | None,
        typer.Option(
            '--camera', '-c', help='An image topic; repeat it for several. Else all are taken.'
        ),
    ] = None,
    topics: Annotated[
        str | None,
        typer.Option(
            '--topics',
            '-t',
            help='Any of depth, camera_info, color, points, points_clearing, obstacles, scan, '
            'with commas. Else those that can be made, without points_clearing.',
        ),
    ] = None,
    only: Annotated[
        bool, typer.Option('--only', help='Write what is made alone, without the rest of the bag.')
    ] = False,
    form: Annotated[
        str | None,
        typer.Option(
            '--format', '-f', help='mcap, sqlite3 or ros1; else by the name of OUT, or mcap.'
        ),
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option(help="Where depth goes in place of the camera's namespace, {ns} in it."),
    ] = None,
    model: ModelOption = 'nano',
    weights: WeightsOption = None,
    input_size: InputSizeOption = None,
    device: DeviceOption = 'auto',
    precision: PrecisionOption = 'auto',
    max_depth: MaxDepthOption = None,
    scale: Annotated[
        str | None,
        typer.Option(
            help='Where metres come from: points:/TOPIC, depth:/TOPIC, scan:/TOPIC, ground, or '
            'fixed:A,B from `depth-anything calibrate`.'
        ),
    ] = None,
    extrinsics: Annotated[
        str | None,
        typer.Option(
            help="'x y z roll pitch yaw' of the sensor of --scale in the camera's body axes, m and "
            'rad; else /tf and /tf_static tell.'
        ),
    ] = None,
    camera_info: Annotated[
        str | None, typer.Option(help='Topic of camera_info; else the one beside the image.')
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help='ROS calibration file (YAML) in place of camera_info.')
    ] = None,
    refine: Annotated[
        bool, typer.Option('--refine', help='Bring edges of depth to those of the picture.')
    ] = False,
    max_jump: Annotated[
        float | None,
        typer.Option(help='Relative jump of depth whose ramp is left out of clouds (0.1).'),
    ] = None,
    colormap: Annotated[str | None, typer.Option(help='Colours of depth (spectral).')] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            '--param', '-p', help="NAME=VALUE of one of the node's parameters; repeat it."
        ),
    ] = None,
    start: Annotated[
        float, typer.Option(min=0, help='Begin so many seconds after the start of the bag.')
    ] = 0.0,
    end: Annotated[
        float | None, typer.Option(min=0, help='End so many seconds after the start of the bag.')
    ] = None,
    stride: Annotated[
        int, typer.Option(min=1, help='Do every so many pictures of each camera.')
    ] = 1,
    rate_limit: Annotated[
        float, typer.Option(min=0, help='Most pictures of a camera per second of the bag; 0 all.')
    ] = 0.0,
    batch: Annotated[
        int, typer.Option(min=0, help='Pictures of one size at once; 0: 1, or 8 on a GPU.')
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Add depth to a copy of a bag, as depth_node would have published it. No ROS is needed.

    Depth of /front/image_raw goes to /front/depth/image_rect (metres) or
    /front/depth/disparity_relative, with camera_info, colours, points, obstacles and scan, under
    the stamp and frame of the image. All other messages are copied as they are.

    Exit codes: 0 all done, 1 some failed or nothing could be done, 2 wrong usage, 130 interrupted.
    """
    given: dict[str, Any] = {
        'filter.refine': refine or None,
        'edges.max_jump': max_jump,
        'color_map': colormap,
        'scale.extrinsics': extrinsics,
    }
    given |= {'rate_limit': rate_limit or None, 'input_size': input_size}
    if end is not None and end <= start:
        raise typer.BadParameter(f'--end {end:g} must be after --start {start:g}')
    from depth_anything_ros.cli.bag_job import BagJob, Part, run_job, show_bag, values_of

    if listed:
        show_bag(source, as_json)
        return
    if target is None:
        raise typer.BadParameter('give OUT, where the new bag goes, or --list')
    job = BagJob(
        source=source,
        target=target,
        form=form,
        cameras=tuple(cameras or ()),
        prefix=prefix,
        topics=topics,
        scale=scale,
        camera_info=camera_info,
        calibration=calibration,
        values=values_of(given, parameters or []),
        part=Part(start, end, stride),
        only=only,
        batch=batch,
    )
    code = run_job(
        job,
        lambda: load_estimator(model, weights, device, precision, input_size, max_depth),
        as_json,
    )
    raise typer.Exit(code)
