# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""YAML files of settings, read as plain data and within bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 256 * 1024
"""Largest file that is read: a calibration has about one kilobyte."""


class PlainYamlError(ValueError):
    """A text that is no YAML, or YAML that asks for more than plain data."""


class _PlainLoader(yaml.SafeLoader):
    """Makes lists, mappings, texts and numbers, each as long as the text says.

    Aliases and merges make a few lines of YAML into any amount of data, so there are none.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.composer.ComposerError(
                None, None, f'the alias *{event.anchor} is not read: write it out', event.start_mark
            )
        return super().compose_node(parent, index)


def read_plain_yaml(path: Path) -> Any:
    """Return what a YAML file holds, of lists, mappings, texts, numbers, dates, booleans and None.

    Tags that make other objects, aliases, and files of more than MAX_BYTES are refused. Raises
    OSError, and PlainYamlError for what is no such YAML in UTF-8.
    """
    if path.exists() and not path.is_file():
        raise PlainYamlError('it is no file')  # a pipe would be waited for without end
    with path.open('rb') as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise PlainYamlError(f'it has more than {MAX_BYTES} bytes')
    try:
        return _PlainLoader(content.decode('utf-8')).get_single_data()
    except RecursionError as error:
        raise PlainYamlError('it is nested too deeply') from error
    # Numbers and dates that cannot be are a ValueError of Python's, as is what is no UTF-8.
    except (yaml.YAMLError, ValueError) as error:
        raise PlainYamlError(' '.join(str(error).split())) from error
