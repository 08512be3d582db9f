# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything download`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from depth_anything_ros.cli.loading import JsonOption
from depth_anything_ros.model.catalog import UnknownModelError, card_for
from depth_anything_ros.model.hub import DownloadError, fetch


def download(
    names: Annotated[list[str], typer.Argument(help='Models, as `depth-anything models` lists.')],
    as_json: JsonOption = False,
) -> None:
    """Fetch the weights of models before the robot leaves the network; mend damaged ones.

    What cannot be had does not keep the others from being fetched. Exit codes: 0 all are here, 1
    some are not, 2 wrong usage, 130 interrupted.
    """
    fetched: dict[str, str] = {}
    failed: dict[str, str] = {}
    for name in names:
        try:
            fetched[name] = str(fetch(card_for(name), check=True))
        except (UnknownModelError, DownloadError) as error:
            failed[name] = str(error)
            typer.echo(f'error: {error}', err=True)
            continue
        if not as_json:
            typer.echo(f'{name}: {fetched[name]}')
    if as_json:
        typer.echo(json.dumps({'fetched': fetched, 'failed': failed}, indent=2))
    if failed:
        raise typer.Exit(1)
