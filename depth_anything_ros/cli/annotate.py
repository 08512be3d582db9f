# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything annotate`: pairs of points, and people who say which is nearer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depth_anything_ros.cli.annotate_prepare import prepare
from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.loading import JsonOption

if TYPE_CHECKING:
    from depth_anything_ros.annotation.project import Project

annotate = typer.Typer(
    help='Annotate which of two points is nearer, as DA-2K was made.', no_args_is_help=True
)
annotate.command()(prepare)

PORT = 8765

ProjectArgument = Annotated[Path, typer.Argument(help='The folder that `prepare` made.')]


@annotate.command()
def serve(
    project: ProjectArgument,
    annotator: Annotated[
        list[str] | None, typer.Option('--annotator', '-a', help='Who answers; repeat it.')
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help='0 takes any that is free.')] = PORT,
    new_links: Annotated[
        bool, typer.Option('--new-links', help='Make the links given out before worth nothing.')
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Serve the review page on 127.0.0.1, with a link for each annotator, until Ctrl+C.

    The links stay the same from one start to the next. What is answered is on the disk before the
    page goes on. Exit codes: 0 ended by Ctrl+C or SIGTERM, 1 it cannot be served, 2 wrong usage.
    """
    import signal
    import threading

    from depth_anything_ros.annotation.access import NameOfAnnotatorError
    from depth_anything_ros.annotation.server import ReviewServer

    names = list(dict.fromkeys(annotator or []))
    if not names:
        raise typer.BadParameter('give --annotator NAME, once for each person')
    opened = _opened(project)
    try:
        if new_links:
            opened.renew_secret()
        server = ReviewServer(opened, names, port)
    except NameOfAnnotatorError as error:
        raise typer.BadParameter(str(error)) from error
    except OSError as error:
        fail(f'port {port} of 127.0.0.1 cannot be used: {error.strerror}; give another --port')
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    # In a thread of its own, since ``shutdown`` waits for it.
    thread = threading.Thread(target=server.serve_forever, name='review', daemon=True)
    thread.start()
    if as_json:
        typer.echo(json.dumps({'address': server.address, 'links': server.links}))
    else:
        passes = opened.rules.passes
        if len(names) < passes:
            typer.echo(f'a pair takes {passes} people, and {len(names)} are named', err=True)
        for name, link in server.links.items():
            typer.echo(f'{name}: {link}')
    while not ended.wait(1.0):
        pass
    server.shutdown()
    server.server_close()
    opened.close()


@annotate.command()
def status(project: ProjectArgument, as_json: JsonOption = False) -> None:
    """Tell how far a project is, how well people agree, and what was flagged.

    Exit codes: 0 told, 1 there is no such project, 2 wrong usage.
    """
    from depth_anything_ros.annotation.summary import summary_of

    opened = _opened(project)
    found = summary_of(opened)
    opened.close()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for scene, counts in [*found['scenes'].items(), ('all', found['total'])]:
        told = ', '.join(f'{count} {name}' for name, count in counts.items() if count)
        typer.echo(f'{scene:24} {told}')
    typer.echo(f'{found["answers_to_come"]} answers to come')
    for name, counts in found['annotators'].items():
        seconds = counts.pop('median_seconds')
        told = ', '.join(f'{count} {what}' for what, count in counts.items() if count)
        each = '' if seconds is None else f', {seconds:.1f} s each'
        typer.echo(f'{name:24} {told}{each}')
    equal, alpha = found['agreement']['equal'], found['agreement']['alpha']
    if equal is not None:
        beyond = '' if alpha is None else f', alpha {alpha:.2f}'
        typer.echo(
            f'two people agree on {equal:.1%} of {found["agreement"]["pairs"]} pairs{beyond}'
        )
    for flagged in found['flagged']:
        note = f': {flagged["note"]}' if flagged['note'] else ''
        typer.echo(f'flagged: pair {flagged["pair"]} of {flagged["path"]}{note}')


@annotate.command()
def export(
    project: ProjectArgument,
    output: Annotated[
        Path,
        typer.Option(
            '--output', '-o', help='NAME.json; or NAME.zip or a new folder, with the pictures.'
        ),
    ] = Path('annotations.json'),
    anonymous: Annotated[
        bool, typer.Option('--anonymous', help='Number the people in the log.')
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write what was accepted in the schema of DA-2K, and beside it the log of all answers.

    Exit codes: 0 written, 1 it could not be, 2 wrong usage.
    """
    from depth_anything_ros.annotation.project import ProjectError
    from depth_anything_ros.annotation.release import write_release

    opened = _opened(project)
    try:
        made = write_release(opened, output, anonymous)
    except ProjectError as error:
        fail(error)
    except OSError as error:
        fail(f'{output} cannot be written: {error.strerror or error}')
    opened.close()
    if as_json:
        facts = {'output': str(made.output), 'audit': str(made.audit)}
        typer.echo(json.dumps({**facts, 'pairs': made.pairs, 'pictures': made.pictures}, indent=2))
    else:
        typer.echo(f'{made.output}: {made.pairs} pairs of {made.pictures} pictures; {made.audit}')


@annotate.command()
def reopen(
    project: ProjectArgument,
    pair: Annotated[list[int], typer.Argument(help='Numbers of pairs that are settled.')],
    note: Annotated[str, typer.Option(help='Why; it stands in the log.')] = '',
    as_json: JsonOption = False,
) -> None:
    """Ask everybody once more about pairs that were flagged, skipped, disputed or accepted.

    Exit codes: 0 all are open again, 1 one cannot be, and those named before it are, 2 wrong
    usage.
    """
    from depth_anything_ros.annotation.log import ReviewError
    from depth_anything_ros.annotation.review import Desk

    opened = _opened(project)
    desk = Desk(opened)
    try:
        for number in pair:
            desk.reopen(number, note)
    except ReviewError as error:
        fail(error)
    opened.close()
    if as_json:
        typer.echo(json.dumps({'reopened': pair}))


def _opened(folder: Path) -> Project:
    from depth_anything_ros.annotation.project import ProjectError, open_project

    try:
        return open_project(folder)
    except (ProjectError, OSError) as error:
        fail(error)
