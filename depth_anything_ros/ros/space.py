# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What one camera's depth means in space: rectified, in metres, as clouds and scan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.geometry.distortion import Distortion, DistortionError
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.rectification import Rectification, RectificationError
from depth_anything_ros.geometry.transform import Transform
from depth_anything_ros.inference.threads import one_thread
from depth_anything_ros.ros.camera_pose import CameraPose
from depth_anything_ros.ros.clouds import Clouds, picture_at
from depth_anything_ros.ros.frame_outputs import SCALE_TOPIC, FrameOutputs
from depth_anything_ros.ros.frame_publisher import NetworkFacts, PublishedFrame
from depth_anything_ros.ros.metres import Metres
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.pinhole import pinhole_of
from depth_anything_ros.ros.reporter import Reporter
from depth_anything_ros.ros.scale_source import ScaleSource
from depth_anything_ros.ros.topics import Topics, Transforms

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo

LENS_TROUBLE = 'lens'


@dataclass(frozen=True)
class InSpace:
    """A frame in space: the network's ``own`` depth after filters, and metres, None without.

    Both are (H, W) float32, rectified where the image was raw. ``rgb`` is the picture with the
    same view.
    """

    frame: PublishedFrame
    own: np.ndarray
    metres: np.ndarray | None
    rgb: np.ndarray
    network_width: int
    intrinsics: Intrinsics | None
    pose: Transform | None


class Space:
    """One camera's way from the network's depth to what goes out in metres.

    ``max_depth`` is the metric head's limit in metres, None for a relative network; ``device`` is
    where the network runs. ``prefix`` comes before the names of topics.
    """

    def __init__(
        self,
        topics: Topics,
        prefix: str,
        settings: Callable[[], DepthSettings],
        network: NetworkFacts,
        outputs: FrameOutputs,
        pose: CameraPose,
        tree: Transforms,
        reporter: Reporter,
    ) -> None:
        self._outputs, self._pose, self._reporter = outputs, pose, reporter
        self._kind = network.kind
        self.scale = ScaleSource(topics, prefix, lambda: settings().scale, tree, reporter)
        self._metres = Metres(network.kind, network.max_depth, self.scale, reporter)
        self._clouds = Clouds(outputs, tree, reporter)
        # Small next to the network's pass, so that depth which came down goes up again.
        on_gpu = network.device.startswith('cuda') and torch.cuda.is_available()
        self._device = torch.device(network.device if on_gpu else 'cpu')
        self._lens: tuple[tuple[object, ...], Rectification] | None = None

    def of(self, frame: PublishedFrame, depth: Depth, info: CameraInfo | None) -> InSpace:
        """Return a frame's depth after filters, and in metres where they can be told."""
        wanted = frame.settings
        filtered = wanted.filter.temporal > 0 or wanted.filter.refine or not wanted.rectified
        if self._kind is DepthKind.RELATIVE and not self.scale.wanted and not filtered:
            return InSpace(frame, depth.values, None, frame.rgb, depth.network_size[1], None, None)
        return self._computed(frame, depth, info)

    @one_thread()
    @torch.inference_mode()
    def _computed(self, frame: PublishedFrame, depth: Depth, info: CameraInfo | None) -> InSpace:
        settings, rgb = frame.settings, frame.rgb
        values = torch.from_numpy(depth.values).to(self._device)
        intrinsics = None
        if info is not None:
            size = (depth.values.shape[1], depth.values.shape[0])
            intrinsics = pinhole_of(info, size)
            if not settings.rectified:
                values, rgb = self._rectified(values, rgb, info, intrinsics)
        pose = self._pose.at(frame.header)
        values = self._metres.smooth(values, rgb, frame.header, settings, depth.network_size[1])
        metres = self._metres.of(
            values, frame.header, settings, depth.network_size[1], intrinsics, pose
        )
        return InSpace(
            frame,
            values.cpu().numpy(),
            None if metres is None else metres.cpu().numpy(),
            rgb,
            depth.network_size[1],
            intrinsics,
            pose,
        )

    def publish(self, made: InSpace, published: np.ndarray | None) -> None:
        """Send scale, clouds and scan of a frame; ``published`` are the metres that went out."""
        header, settings = made.frame.header, made.frame.settings
        if self.scale.wanted:
            self._outputs.send(SCALE_TOPIC, self.scale.message(header))
        if published is None:
            return
        with one_thread(), torch.inference_mode():
            metres = torch.from_numpy(published).to(self._device)
            self._clouds.publish(
                metres,
                made.rgb,
                header,
                settings,
                made.network_width,
                made.intrinsics,
                made.pose,
            )

    def forget(self) -> None:
        """Let filters and scale begin anew with the next frame; any thread may ask for it."""
        self._metres.forget()
        if self.scale.wanted:
            self.scale.wish('reset')

    def facts(self) -> dict[str, str]:
        """Return the state of scale, pose and edges in words for /diagnostics."""
        told = self.scale.facts() | self._pose.facts()
        if self._clouds.flying_share is not None:
            told['flying_pixels'] = f'{self._clouds.flying_share:.4f}'
        return told

    def _rectified(
        self, values: Tensor, rgb: np.ndarray, info: CameraInfo, rectified: Intrinsics
    ) -> tuple[Tensor, np.ndarray]:
        """Return raw depth and picture as the rectified camera sees them."""
        raw = pinhole_of(info, (rectified.width, rectified.height), rectified=False)
        key = (raw, rectified, tuple(info.d), info.distortion_model, tuple(info.r))
        if self._lens is None or self._lens[0] != key:
            try:
                lens = Distortion(info.distortion_model, tuple(float(v) for v in info.d))
                turn = np.asarray(info.r).reshape(3, 3)
                self._lens = key, Rectification(raw, lens, turn, rectified)
            except (DistortionError, RectificationError) as error:
                self._reporter.report(LENS_TROUBLE, f'{error}; depth stays as the lens shows it')
                return values, rgb
        self._reporter.clear(LENS_TROUBLE, 'depth is rectified')
        way = self._lens[1]
        return way.depth(values), way.image(picture_at(rgb, raw.height, raw.width))
