# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything data`: training data on disk, checked, shown, described and made."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.progress import Progress

if TYPE_CHECKING:
    from depth_anything_ros.data.dataset import Dataset
    from depth_anything_ros.data.sample import Problem
    from depth_anything_ros.data.statistics import Statistics

data = typer.Typer(help='Training data: check, show, describe and make it.', no_args_is_help=True)

Name = Annotated[str, typer.Argument(help='The set, such as hypersim; `data sets` lists them.')]
Root = Annotated[
    Path | None, typer.Argument(help='The folder that it lies in; procedural has none.')
]
Options = Annotated[
    list[str] | None,
    typer.Option('--option', '-o', help='An option of the set, NAME=VALUE; repeat it.'),
]
Only = Annotated[
    list[str] | None, typer.Option(help='Take only keys of this pattern, such as "Scene20/*".')
]
Without = Annotated[list[str] | None, typer.Option(help='Leave keys of this pattern out.')]
Json = Annotated[bool, typer.Option('--json', help='Print JSON.')]


@data.command()
def sets(as_json: Json = False) -> None:
    """List the sets that can be opened, and their options.

    Exit codes: 0 listed, 2 wrong usage.
    """
    import inspect

    from depth_anything_ros.data.catalog import OPENERS
    from depth_anything_ros.data.unlabelled import UNLABELLED

    known = {
        name: [option for option in inspect.signature(opener).parameters if option != 'path']
        for name, opener in OPENERS.items()
    }
    if as_json:
        typer.echo(json.dumps(known, indent=2))
        return
    for name, options in known.items():
        what = 'no depth' if name in (*UNLABELLED, 'pictures') else 'depth'
        typer.echo(f'{name:17} {what:9} options: {", ".join(options)}')


@data.command()
def check(
    name: Name,
    root: Root = None,
    option: Options = None,
    only: Only = None,
    without: Without = None,
    quick: Annotated[
        bool, typer.Option('--quick', help='Look at names and both ends of files alone.')
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help='Samples read at a time.')] = 4,
    as_json: Json = False,
) -> None:
    """Read every sample and list what is wrong.

    Samples that cannot be read are left out by training until the folder changes. Exit codes: 0
    all are sound, 1 something is wrong, 2 wrong usage, 130 interrupted.
    """
    from depth_anything_ros.data.checking import orientation, readable
    from depth_anything_ros.data.sample import EmptyError

    try:
        dataset = _opened(name, root, option, only, without, fresh=name != 'procedural')
        problems = list(dataset.problems)
        if not quick:
            with Progress(len(dataset)) as progress:
                found = readable(dataset, threads, progress.told)
            dataset.exclude(found)
            problems += found
        turned = orientation(dataset)
        problems += [turned] if turned else []
        count, total = len(dataset), len(dataset) + len(problems) - bool(turned)
    except EmptyError as error:
        if not error.problems:
            fail(error)
        problems, count, total = list(error.problems), 0, len(error.problems)
    _tell(name, count, total, problems, as_json)
    raise typer.Exit(1 if problems else 0)


def _tell(name: str, count: int, total: int, problems: list[Problem], as_json: bool) -> None:
    from depth_anything_ros.data.sample import printable

    if as_json:
        typer.echo(
            json.dumps(
                {
                    'name': name,
                    'samples': count,
                    'problems': [asdict(problem) for problem in problems],
                },
                indent=2,
            )
        )
        return
    for problem in problems:
        typer.echo(f'{printable(problem.name)}: {printable(problem.reason)}')
    wrong = f'{len(problems)} problem{"" if len(problems) == 1 else "s"}'
    typer.echo(
        f'{name}: {count} of {total} samples are sound, {wrong if problems else "no problem"}'
    )


@data.command()
def preview(
    name: Name,
    root: Root = None,
    output: Annotated[Path, typer.Option(help='The PNG to write.')] = Path('preview.png'),
    count: Annotated[int, typer.Option(min=1, max=400, help='Samples, evenly spread.')] = 12,
    option: Options = None,
    only: Only = None,
    without: Without = None,
    colormap: Annotated[str, typer.Option(help='Colours of depth.')] = 'spectral',
    thumbnail_width: Annotated[
        int, typer.Option(min=32, max=2048, help='Pixels of each picture, and of its depth.')
    ] = 320,
    as_json: Json = False,
) -> None:
    """Write a sheet of samples: each picture beside its depth in colours.

    Exit codes: 0 written, 1 it could not be, 2 wrong usage, 130 interrupted.
    """
    import numpy as np

    from depth_anything_ros.data.sample import SampleError
    from depth_anything_ros.media.color import ColorMapError
    from depth_anything_ros.media.sample_sheet import sample_sheet

    dataset = _opened(name, root, option, only, without)
    samples = []
    for index in np.unique(np.linspace(0, len(dataset) - 1, min(count, len(dataset))).astype(int)):
        try:
            samples.append(dataset[int(index)])
        except SampleError as error:
            typer.echo(f'left out: {error}', err=True)
    if not samples:
        fail(f'{name}: none of the samples can be read')
    try:
        _write_png(output, sample_sheet(samples, colormap, thumbnail_width))
    except (ColorMapError, OSError) as error:
        fail(error)
    if as_json:
        keys = [sample.key for sample in samples]
        typer.echo(json.dumps({'file': str(output), 'samples': len(dataset), 'keys': keys}))
    else:
        typer.echo(f'{output}: {len(samples)} of {len(dataset)} samples')


def _write_png(path: Path, rgb: Any) -> None:
    import cv2

    from depth_anything_ros.media.whole_file import write_whole

    write_whole(path, cv2.imencode('.png', cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes())


@data.command()
def stats(
    name: Name,
    root: Root = None,
    most: Annotated[int, typer.Option(min=1, help='Read at most so many samples.')] = 1000,
    option: Options = None,
    only: Only = None,
    without: Without = None,
    as_json: Json = False,
) -> None:
    """Describe a set: depths, sky, unknown and sizes, of samples evenly spread over it.

    Exit codes: 0 described, 1 it could not be, 2 wrong usage, 130 interrupted.
    """
    from depth_anything_ros.data.statistics import statistics

    dataset = _opened(name, root, option, only, without)
    with Progress(min(most, len(dataset))) as progress:
        found = statistics(dataset, most, progress.told)
    if as_json:
        typer.echo(json.dumps({'name': name, **asdict(found)}, indent=2))
    else:
        _describe(name, found)


def _describe(name: str, found: Statistics) -> None:
    """Print statistics as lines of text."""
    typer.echo(f'{name}: {found.samples} of {found.total} samples read')
    if found.unreadable:
        typer.echo(f'unreadable {found.unreadable}: see `data check`')
    sizes = [f'{size} ({count})' for size, count in found.sizes.items()]
    more = f' and {len(sizes) - 5} more' if len(sizes) > 5 else ''
    typer.echo(f'sizes      {", ".join(sizes[:5])}{more}')
    if found.sky is None or found.unknown is None:
        return
    typer.echo(f'sky        {100 * found.sky:.2f} %')
    typer.echo(f'unknown    {100 * found.unknown:.2f} %')
    if found.nearest is not None and found.farthest is not None:
        unit = 'm' if found.metric else "of each picture's median"
        spread = '  '.join(f'{mark} {value:.3g}' for mark, value in found.depth.items())
        typer.echo(f'depth      {spread}  {unit}')
        typer.echo(f'           from {found.nearest:.3g} to {found.farthest:.3g}')


@data.command()
def render(
    layout: Annotated[str, typer.Argument(help='vkitti2, tartanair or hypersim.')],
    root: Annotated[Path, typer.Argument(help='A new folder.')],
    count: Annotated[int, typer.Option(min=1, help='Pictures.')] = 100,
    per_scene: Annotated[int, typer.Option(min=1, help='Frames through each scene.')] = 10,
    width: Annotated[
        int | None, typer.Option(min=28, max=4096, help="Pixels; by default the set's own width.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help='Another number is another world.')] = 0,
    rich: Annotated[
        float,
        typer.Option(min=0, max=1, help='Share of scenes with glass, mirrors, fog, night, leaves.'),
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Write pictures and exact depth of the procedural world in the layout of a published set.

    Exit codes: 0 written, 1 it could not be, 2 wrong usage, 130 interrupted.
    """
    from depth_anything_ros.data.rendered_set import render_set
    from depth_anything_ros.data.sample import DataError

    try:
        with Progress(count) as progress:
            for key in render_set(layout, root, count, seed, per_scene, width, rich):
                progress.told(key, None)
    except (DataError, OSError) as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps({'folder': str(root), 'layout': layout, 'samples': count}))
    else:
        typer.echo(f'{root}: {count} pictures with depth, laid out as {layout}')


def _opened(
    name: str,
    root: Path | None,
    options: list[str] | None,
    only: list[str] | None,
    without: list[str] | None,
    fresh: bool = False,
) -> Dataset:
    """Open a set; end the command with the reason where that cannot be."""
    from depth_anything_ros.data.dataset import open_dataset
    from depth_anything_ros.data.sample import DataError, EmptyError

    values = dict(_option(text) for text in options or ())
    if fresh:
        values['fresh'] = True
    try:
        return open_dataset(name, root, only or (), without or (), **values)
    except EmptyError as error:
        if fresh:
            raise
        fail(error)
    except (DataError, OSError) as error:
        fail(error)


def _option(text: str) -> tuple[str, Any]:
    """Return NAME=VALUE as a pair; numbers, true and false are what they look like."""
    name, equals, value = text.partition('=')
    if not equals or not name:
        raise typer.BadParameter(f'--option {text!r} is not NAME=VALUE')
    if value.isdecimal():
        return name, int(value)
    return name, {'true': True, 'false': False}.get(value.lower(), value)
