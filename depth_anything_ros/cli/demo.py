# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything demo`: the real nodes on a made-up or given camera, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from depth_anything_ros.cli.fail import fail, fail_without_ros
from depth_anything_ros.cli.loading import JsonOption
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.metrics import Score, mean_score, score_depth, score_relative
from depth_anything_ros.media.recorded_run import RecordedRun, write_sheet, write_video

TRUTH_RANGE = (0.1, 80.0)
COUNTERS = ('received', 'published', 'dropped', 'skipped', 'rejected', 'failed')


def demo(
    model: Annotated[
        str, typer.Option(help='Model name or weights file; nano needs no download.')
    ] = 'nano',
    input: Annotated[
        str,
        typer.Option(help='Folder of pictures, video file, /dev/video0, or procedural.'),
    ] = 'procedural',
    seconds: Annotated[float, typer.Option(help='How long to record.', min=1.0)] = 12.0,
    rate: Annotated[
        float,
        typer.Option(
            help="Frames per second; 0 is the source's own (10 for pictures and procedural).", min=0
        ),
    ] = 0.0,
    width: Annotated[int, typer.Option(help='Width of the camera image; 0: the source.')] = 0,
    output: Annotated[Path, typer.Option('--output', '-o', help='Folder for the results.')] = Path(
        'out/demo'
    ),
    as_json: JsonOption = False,
) -> None:
    """Start camera_node and depth_node on loopback, record a bag, and show what came of it.

    Exit codes: 0 all done, 1 it could not be, 2 wrong usage, 130 interrupted.
    """
    from depth_anything_ros.media.bag import BagError
    from depth_anything_ros.media.video import VideoError

    try:
        from depth_anything_ros.ros.demo import DemoSettings, run_demo
        from depth_anything_ros.ros.node_process import NodeError
    except ModuleNotFoundError as error:
        fail_without_ros(error)

    console = Console(stderr=as_json)
    if input == 'procedural' and width == 0:
        width = 320
    settings = DemoSettings(model, input, rate, seconds, width, output)
    try:
        run_demo(settings, console.print)
        run = RecordedRun(settings.bag)
        summary = summarise(run, model, input)
        frames = write_video(run, output / 'demo.mp4', max(summary['fps'], 1.0))
        write_sheet(run, output / 'contact_sheet.png', frames)
    except (NodeError, BagError, VideoError, OSError) as error:
        fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    (output / 'summary.json').write_text(json.dumps(summary, indent=2) + '\n')
    if as_json:
        typer.echo(json.dumps(summary, indent=2))
        return
    console.print(_table(summary))
    console.print(f'bag, demo.mp4, contact_sheet.png and summary.json are in {output}')


def summarise(run: RecordedRun, model: str, source: str) -> dict[str, Any]:
    """Return the figures of a recorded run: counters, rate, latency, and errors where known."""
    facts = run.diagnostics()
    stamps = run.depth_stamps()
    span = (stamps[-1] - stamps[0]) / 1e9 if len(stamps) > 1 else 0.0
    scores = (
        _score(frame.depth, frame.kind, frame.truth)
        for frame in run.frames()
        if frame.truth is not None
    )
    known = [score for score in scores if score is not None]
    mean = mean_score(known) if known else None
    return {
        'model': model,
        'source': source,
        **{name: int(facts.get(name, 0)) for name in COUNTERS},
        'recorded': len(stamps),
        'fps': round((len(stamps) - 1) / span, 2) if span else 0.0,
        'latency_ms': {
            name: round(float(facts[f'latency_{name}_ms']), 2)
            if f'latency_{name}_ms' in facts
            else None
            for name in ('p50', 'p99')
        },
        'abs_rel': round(mean.abs_rel, 4) if mean else None,
        'delta1': round(mean.delta1, 4) if mean else None,
    }


def _score(depth: Any, kind: DepthKind, truth: Any) -> Score | None:
    """Score one frame: relative depth after alignment in disparity, metric depth as it is.

    None where no pixel can be scored, such as a view of nothing but sky.
    """
    low, high = TRUTH_RANGE
    valid = (truth >= low) & (truth <= high)
    if kind is DepthKind.METRIC:
        valid &= np.isfinite(depth) & (depth > 0)
    if not valid.any():
        return None
    if kind is DepthKind.RELATIVE:
        return score_relative(depth, truth, low, high)
    return score_depth(depth, truth, valid)


def _table(summary: dict[str, Any]) -> Table:
    table = Table('figure', 'value', title=f'{summary["model"]} on {summary["source"]}')
    for name in (*COUNTERS, 'fps'):
        table.add_row(f'frames {name}' if name in COUNTERS else name, str(summary[name]))
    for name, value in summary['latency_ms'].items():
        table.add_row(f'latency {name}', 'unknown' if value is None else f'{value:.1f} ms')
    for name, label in (('abs_rel', 'AbsRel'), ('delta1', 'delta1')):
        value = summary[name]
        table.add_row(label, 'depth not known' if value is None else f'{value:.3f}')
    return table
