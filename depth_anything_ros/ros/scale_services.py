# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The services that people and behaviour trees ask about the scale of all cameras."""

from __future__ import annotations

from collections.abc import Mapping

from rclpy.node import Node
from rclpy.service import Service
from std_srvs.srv import SetBool, Trigger

from depth_anything_ros.ros.camera_channel import CameraChannel


def advertise_scale_services(node: Node, cameras: Mapping[str, CameraChannel]) -> list[Service]:
    """Offer ~/reset_scale (Trigger) and ~/freeze_scale (SetBool).

    A reset forgets every scale, so that the next references start it anew. Frozen, a scale that
    can be relied on stays as it is, whatever references say, until it is released. Both take
    effect with the next frame.
    """

    def reset(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = _wish(cameras, 'reset')
        return response

    def freeze(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        wish = 'freeze' if request.data else 'release'
        response.success, response.message = _wish(cameras, wish)
        return response

    return [
        node.create_service(Trigger, '~/reset_scale', reset),
        node.create_service(SetBool, '~/freeze_scale', freeze),
    ]


def _wish(cameras: Mapping[str, CameraChannel], what: str) -> tuple[bool, str]:
    """Pass a wish on; return if there is anybody to grant it, and what to tell."""
    scales = [camera.space.scale for camera in cameras.values() if camera.space is not None]
    wanted = [scale for scale in scales if scale.wanted]
    if not wanted:
        return False, 'no scale to change: scale.source is none, or the node is not configured'
    if what == 'freeze' and not any(each.newest and each.newest.usable for each in wanted):
        return False, 'no scale to freeze: none can be relied on now, see depth/scale'
    for scale in wanted:
        scale.wish(what)
    return True, f'{what} with the next frame of {len(wanted)} camera(s)'
