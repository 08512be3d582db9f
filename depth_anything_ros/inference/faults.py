# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an engine cannot get over by itself."""

from __future__ import annotations


class DeviceLostError(RuntimeError):
    """The device does not answer any more: the network has to be loaded anew, if not the process.

    A frame that met it is lost, and so is every later one.
    """


class OutOfMemoryError(RuntimeError):
    """A single picture does not fit the device's memory; another one may."""
