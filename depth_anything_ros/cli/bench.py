# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything bench`: how fast the node is on this machine, and what becomes of each frame."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import cv2
import typer
from rich.console import Console
from rich.table import Table

from depth_anything_ros.cli.fail import fail, fail_without_ros
from depth_anything_ros.cli.loading import JsonOption

ENCODINGS = ('rgb8', 'bgr8', 'mono8', 'jpeg')
MOST_CAMERAS = 4


def bench(
    model: Annotated[str, typer.Option(help='Model name or weights file.')] = 'nano',
    input_size: Annotated[
        int, typer.Option(help="Shorter side of the network's input; 0: the model's own.", min=0)
    ] = 0,
    size: Annotated[str, typer.Option(help='Size of the camera image.')] = '640x480',
    rates: Annotated[
        str, typer.Option(help='Fixed rates in Hz, with commas between; empty for none.')
    ] = '10,30,60',
    seconds: Annotated[float, typer.Option(help='Length of each run.', min=0.5)] = 5.0,
    cameras: Annotated[int, typer.Option(help='Cameras.', min=1, max=MOST_CAMERAS)] = 1,
    encoding: Annotated[str, typer.Option(help=f'Of the image: {", ".join(ENCODINGS)}.')] = 'rgb8',
    source: Annotated[
        str, typer.Option(help='procedural, a folder of pictures, a video, or a bag.')
    ] = 'procedural',
    engine_delay: Annotated[
        float | None,
        typer.Option(help='Replace the network by a stand-in that takes so many seconds.', min=0),
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter of the node, 'name:=value'; repeatable.")
    ] = None,
    best_effort: Annotated[
        bool,
        typer.Option(help='Ask for best effort, as the node does by itself, not for reliable.'),
    ] = False,
    search: Annotated[bool, typer.Option(help='Search the highest rate.')] = True,
    overload: Annotated[
        float, typer.Option(help="Seconds at 3 times the engine's rate; 0 for none.", min=0)
    ] = 0.0,
    output: Annotated[
        Path | None, typer.Option('--output', '-o', help='JSON file for the results.')
    ] = None,
    plot: Annotated[Path | None, typer.Option(help='PNG file for age over rate.')] = None,
    as_json: JsonOption = False,
) -> None:
    """Replay frames into depth_node in another process; measure rate, age, losses and costs.

    Exit codes: 0 all done, 1 it could not be, 2 wrong usage, 130 interrupted.
    """
    wanted = _rates(rates)
    if encoding not in ENCODINGS:
        raise typer.BadParameter(
            f'--encoding must be one of {", ".join(ENCODINGS)}, got {encoding!r}'
        )
    if overload and cameras > 1:
        raise typer.BadParameter('--overload is for one camera: leave --cameras out')
    try:
        from depth_anything_ros.ros import bench_runs as benchmark
        from depth_anything_ros.ros.bench_graph import GraphSettings, open_graph
        from depth_anything_ros.ros.bench_player import Footage, PlayerError
        from depth_anything_ros.ros.node_process import NodeError
    except ModuleNotFoundError as error:
        fail_without_ros(error)
    from depth_anything_ros.evaluation.process_usage import PROC
    from depth_anything_ros.media.bag import BagError
    from depth_anything_ros.media.frames import SourceError

    names = tuple(f'camera_{number}' for number in range(1, cameras + 1)) if cameras > 1 else ('',)
    console = Console(stderr=as_json)
    if not PROC.joinpath('self/stat').is_file():
        console.print(f'no {PROC}: processor time and memory of the node stay unknown')
    results: dict[str, Any] = {**benchmark.facts_of_run(), 'method': benchmark.METHOD}
    with tempfile.TemporaryDirectory(prefix='depth_anything_bench_') as logs:
        settings = GraphSettings(
            footage=Footage(source, _size(size), encoding, names),
            parameters=(f'model:={model}', f'input_size:={input_size}', *(param or [])),
            engine_delay=engine_delay,
            reliable=not best_effort,
            folder=Path(logs),
        )
        try:
            with open_graph(settings) as graph:
                results['settings'] = benchmark.settings_of_run(settings, graph.size)
                say = console.print
                if search:
                    results['search'] = benchmark.run_search(graph, say)
                results['runs'] = benchmark.run_fixed(graph, wanted, seconds, engine_delay, say)
                if overload:
                    results['overload'] = benchmark.run_overload(graph, overload, say)
        except (NodeError, PlayerError, SourceError, BagError, ValueError) as error:
            fail(error)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
    if as_json:
        typer.echo(json.dumps(results, indent=2))
    elif results['runs']:
        console.print(run_table(results['runs']))
    try:
        if output is not None:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(json.dumps(results, indent=2) + '\n')
        if plot is not None:
            write_plot(results, plot)
    except OSError as error:
        fail(error)


def _rates(text: str) -> list[float]:
    try:
        rates = [float(part) for part in text.split(',') if part.strip()]
    except ValueError:
        rates = [0.0]
    if any(not 0 < rate <= 1000 for rate in rates):
        raise typer.BadParameter(
            f'--rates must be numbers above 0 and up to 1000 such as 10,30,60, got {text!r}'
        )
    return rates


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition('x')
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise typer.BadParameter(f'--size must be WIDTHxHEIGHT such as 640x480, got {text!r}')
    return int(width), int(height)


def run_table(runs: list[dict[str, Any]]) -> Table:
    """Return the runs at fixed rates as a table: a column each."""
    table = Table('', *(f'{run["wanted_hz"]:g} Hz' for run in runs))

    def row(label: str, values: list[float | None]) -> None:
        table.add_row(label, *('-' if value is None else f'{value:.4g}' for value in values))

    row('sent, Hz', [run['in_hz'] for run in runs])
    row('answered, Hz', [run['out_hz'] for run in runs])
    for name in ('p50', 'p95', 'p99', 'max'):
        row(f'age {name}, ms', [(run['age_ms'] or {}).get(name) for run in runs])
    row('jitter, ms', [run['jitter_ms'] for run in runs])
    for name in ('lost_before_node', 'dropped', 'rejected', 'failed', 'lost_after_node'):
        row(name.replace('_', ' '), [run['frames'][name] for run in runs])
    for name in dict.fromkeys(stage for run in runs for stage in run['stages_ms']):
        row(f'{name} p50, ms', [run['stages_ms'].get(name, {}).get('p50') for run in runs])
    if any('own_cost_ms' in run for run in runs):
        row("node's own p50, ms", [run['own_cost_ms']['p50'] for run in runs])
    row('CPU, %', [run['cpu_percent'] for run in runs])
    row('peak RSS, MB', [run['rss_peak_mb'] for run in runs])
    if any(run['gpu_mb'] is not None for run in runs):
        row('GPU memory, MB', [run['gpu_mb'] for run in runs])
    return table


def write_plot(results: dict[str, Any], path: Path) -> None:
    """Draw age over rate, of the runs and the search's probes around its result. Raises OSError."""
    from depth_anything_ros.media.line_chart import line_chart

    search = results.get('search', {})
    near = search.get('highest_hz', 0.0) * 2
    probes = [run for run in search.get('probes', []) if run['in_hz'] <= near]
    runs = [run for run in (*probes, *results['runs']) if run['age_ms']]
    if not runs:
        raise OSError(f'nothing was answered, so there is nothing to draw into {path}')
    lines = {
        f'age {name}': [(run['in_hz'], run['age_ms'][name]) for run in runs]
        for name in ('p50', 'p95', 'p99')
    }
    marks = {'highest rate': search['highest_hz']} if search else {}
    settings = results['settings']
    title = f'{settings["size"]} {settings["encoding"]}, {results["machine"]["processor"]}'
    chart = line_chart(lines, title, ('camera rate in Hz', 'ms'), marks)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), chart[..., ::-1]):
        raise OSError(f'cannot write {path}')
