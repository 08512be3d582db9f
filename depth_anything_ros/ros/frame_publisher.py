# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What of a frame goes out: the network's own depth, and where it has metres, those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.ros.frame_outputs import FrameOutputs, limit_range
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.saved_frame import SavedFrame, SaveWish
from depth_anything_ros.ros.stamps import Header

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo

    from depth_anything_ros.ros.space import Space


class PublishedFrame(Protocol):
    """What is needed of the frame that depth was made from."""

    @property
    def header(self) -> Header:
        """The image's header."""

    @property
    def rgb(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8."""

    @property
    def settings(self) -> DepthSettings:
        """What holds for this frame."""


@dataclass(frozen=True)
class NetworkFacts:
    """What is to be known of the network whose depth is published.

    ``max_depth`` is the metric head's limit in metres, None for a relative one.
    """

    kind: DepthKind
    max_depth: float | None
    device: str


class FramePublisher:
    """Publishes one camera's depth.

    ``space`` turns it into metres, clouds and scan; None where torch is not installed, and then
    what the network says goes out as it is. A frame that is wished for goes to ``wish`` too.
    """

    def __init__(
        self,
        kind: DepthKind,
        outputs: FrameOutputs,
        space: Space | None,
        wish: SaveWish | None = None,
    ) -> None:
        self._kind, self._outputs, self._space = kind, outputs, space
        self._wish = wish or SaveWish()

    @property
    def heard(self) -> bool:
        """Whether anybody subscribes to any of the topics, or wishes to have a frame saved."""
        return self._outputs.heard or self._wish.open

    def publish(self, frame: PublishedFrame, depth: Depth, info: CameraInfo | None) -> None:
        """Send all that a frame gives; ``info`` is the CameraInfo of its depth, None without."""
        header, settings, outputs = frame.header, frame.settings, self._outputs
        outputs.publish_info(info)
        own = depth.values
        metres = own if self._kind is DepthKind.METRIC else None
        made = None
        if self._space is not None:
            made = self._space.of(frame, depth, info)
            own, metres = made.own, made.metres
        if self._kind is DepthKind.RELATIVE:
            outputs.publish_disparity(own, header)
        if metres is not None:
            # Here, so that the depth image, clouds and scan agree on what is out of range.
            metres = limit_range(metres, settings.min_range, settings.max_range)
            outputs.publish_metres(metres, header, settings.encoding)
        if self._space is not None and made is not None:
            self._space.publish(made, metres)
        outputs.publish_color(own, header, settings)
        if self._wish.open:
            rgb = frame.rgb if made is None else made.rgb
            disparity = own if self._kind is DepthKind.RELATIVE else None
            self._wish.grant(
                SavedFrame(
                    header.stamp, rgb, disparity, metres, info, settings, depth.network_size[1]
                )
            )


def space_class() -> type[Space] | None:
    """Return the class Space, None where torch is not installed: an exported model needs none."""
    try:
        from depth_anything_ros.ros.space import Space
    except ModuleNotFoundError as error:
        if error.name != 'torch':
            raise
        return None
    return Space
