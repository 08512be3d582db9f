# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth from a plain camera with Depth Anything V2, for ROS 2 and without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from depth_anything_ros.depth import Depth, DepthKind
    from depth_anything_ros.inference.estimator import DepthEstimator

__version__ = '0.1.0'
__all__ = ['Depth', 'DepthEstimator', 'DepthKind', '__version__']


def __getattr__(name: str) -> Any:
    """Import NumPy, and with the estimator torch, only when somebody asks for what needs them.

    The command line begins here, and answers Ctrl-C from its first import on.
    """
    if name in ('Depth', 'DepthKind'):
        from depth_anything_ros import depth

        return getattr(depth, name)
    if name == 'DepthEstimator':
        from depth_anything_ros.inference.estimator import DepthEstimator

        return DepthEstimator
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
