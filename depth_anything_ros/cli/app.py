# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything`: the sub-commands and what they share."""

from __future__ import annotations

import typer

from depth_anything_ros import __version__
from depth_anything_ros.cli.annotate import annotate
from depth_anything_ros.cli.bag import bag
from depth_anything_ros.cli.bench import bench
from depth_anything_ros.cli.calibrate import calibrate
from depth_anything_ros.cli.data import data
from depth_anything_ros.cli.demo import demo
from depth_anything_ros.cli.doctor import doctor
from depth_anything_ros.cli.download import download
from depth_anything_ros.cli.evaluate import evaluate
from depth_anything_ros.cli.export import export
from depth_anything_ros.cli.image import image
from depth_anything_ros.cli.label import label
from depth_anything_ros.cli.models import models
from depth_anything_ros.cli.pseudo_label import pseudo_label
from depth_anything_ros.cli.train import train
from depth_anything_ros.cli.video import video
from depth_anything_ros.cli.view import view

app = typer.Typer(
    help='Depth from a plain camera with Depth Anything V2.',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(image)
app.command()(video)
app.command()(bag)
app.command()(view)
app.command()(models)
app.command()(download)
app.command()(export)
app.command()(bench)
app.command()(evaluate)
app.command()(calibrate)
app.command()(doctor)
app.command()(pseudo_label)
app.command()(label)
app.command()(train)
app.add_typer(data, name='data')
app.add_typer(annotate, name='annotate')


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def common(
    version: bool = typer.Option(
        False, '--version', callback=_show_version, is_eager=True, help='Print the version.'
    ),
) -> None:
    """Depth from a plain camera with Depth Anything V2."""
