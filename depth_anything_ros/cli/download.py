# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything download`."""

from __future__ import annotations

from typing import Annotated

import typer

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.model.catalog import UnknownModelError, card_for
from depth_anything_ros.model.hub import DownloadError, fetch


def download(
    names: Annotated[list[str], typer.Argument(help='Models, as `depth-anything models` lists.')],
) -> None:
    """Fetch the weights of models before the robot leaves the network; mend damaged ones."""
    for name in names:
        try:
            path = fetch(card_for(name), check=True)
        except (UnknownModelError, DownloadError) as error:
            fail(error)
        typer.echo(f'{name}: {path}')
