# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything models`."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.table import Column, Table

from depth_anything_ros.cli.loading import JsonOption
from depth_anything_ros.model.catalog import CATALOG


def models(as_json: JsonOption = False) -> None:
    """List the models, what they estimate, and the licence of their weights.

    Exit codes: 0 listed, 2 wrong usage.
    """
    if as_json:
        cards = [
            {
                'name': card.name,
                'size': card.size,
                'kind': card.kind.value,
                'max_depth': card.max_depth,
                'input_size': card.input_size,
                'shipped': card.shipped,
                'repository': card.repository,
                'licence': card.licence,
            }
            for card in CATALOG.values()
        ]
        typer.echo(json.dumps(cards, indent=2))
        return
    # A name cut short cannot be typed after --model; the rest may wrap.
    whole = Column('model', no_wrap=True, min_width=max(map(len, CATALOG)))
    table = Table(whole, 'depth', Column('weights', overflow='fold'), 'licence')
    for card in CATALOG.values():
        kind = 'relative' if card.max_depth is None else f'metric, up to {card.max_depth:g} m'
        if card.shipped:
            origin = 'in the package'
        else:
            origin = card.repository or 'never published; a local file only'
        table.add_row(card.name, kind, origin, card.licence)
    Console().print(table)
