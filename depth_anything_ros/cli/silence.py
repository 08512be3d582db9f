# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What libraries say of damaged input by themselves is kept out of the output: we tell of it."""

from __future__ import annotations


def silence_opencv() -> None:
    """Keep OpenCV's own lines out of the output.

    PyAV drops FFmpeg's unless it is given a level. It must not be: a decoder's thread would then
    wait for Python's lock, while the one that has that lock may wait for the decoder to end.
    """
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
