# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""diagnostic_msgs/DiagnosticArray as serialized bytes."""

from __future__ import annotations

from collections.abc import Mapping

from depth_anything_ros.ros.cdr import CdrWriter
from depth_anything_ros.ros.stamps import Header

OK, WARN, ERROR = 0, 1, 2
"""Levels of diagnostic_msgs/DiagnosticStatus."""


def serialize_status(
    header: Header, level: int, name: str, message: str, hardware_id: str, values: Mapping[str, str]
) -> bytes:
    """Return a DiagnosticArray with one status as CDR."""
    writer = CdrWriter()
    writer.header(header)
    writer.number(1)
    writer.byte(level)
    for text in (name, message, hardware_id):
        writer.text(text)
    writer.number(len(values))
    for key, value in values.items():
        writer.text(key)
        writer.text(value)
    return writer.done()
