# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps and headers as plain objects, by the names of their fields: no ROS is needed for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class Stamp:
    """A builtin_interfaces/Time."""

    sec: int = 0
    nanosec: int = 0


@dataclass
class Header:
    """A std_msgs/Header."""

    stamp: Stamp
    frame_id: str


def nanoseconds(stamp: Stamp) -> int:
    """Return a stamp, of any class, as a number; rclpy's Time refuses those before 1970."""
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)


def seconds(stamp: Stamp) -> float:
    """Return a stamp, of any class, in seconds."""
    return float(stamp.sec + stamp.nanosec * 1e-9)


def header_like(example: Any, header: Header) -> Any:
    """Return a header of the class that another one has: messages of ROS take only their own."""
    if type(header) is type(example):
        return header
    stamp = type(example.stamp)(sec=int(header.stamp.sec), nanosec=int(header.stamp.nanosec))
    return type(example)(stamp=stamp, frame_id=header.frame_id)
