# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Paths of one form: '{scene}/image_left/{frame}_left.png', read and written."""

from __future__ import annotations

import re
from string import Formatter


class PathTemplate:
    """A form of paths whose fields are regular expressions, each named once or more.

    ``{name}`` takes the expression given under that name.
    """

    def __init__(self, form: str, **fields: str) -> None:
        self.form = form
        expression, seen = '', set()
        for text, name, _, _ in Formatter().parse(form):
            expression += re.escape(text)
            if name:
                expression += f'(?P={name})' if name in seen else f'(?P<{name}>{fields[name]})'
                seen.add(name)
        self._expression = re.compile(expression)

    def fields(self, path: str) -> dict[str, str] | None:
        """Return the fields of a path, None for a path of another form."""
        found = self._expression.fullmatch(path)
        return found.groupdict() if found else None

    def path(self, fields: dict[str, str]) -> str:
        """Return the path with these fields."""
        return self.form.format(**fields)
