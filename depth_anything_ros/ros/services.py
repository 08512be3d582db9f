# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The services by which people and behaviour trees operate the node as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rclpy.node import Node
from rclpy.service import Service
from std_srvs.srv import SetBool, Trigger

from depth_anything_ros.ros.camera_channel import CameraChannel
from depth_anything_ros.ros.frame_saver import FrameSaver

CONFIGURED = ('inactive', 'active')


def advertise_services(
    node: Node,
    cameras: Mapping[str, CameraChannel],
    saver: FrameSaver,
    state: Callable[[], str],
    reset_engine: Callable[[], None],
) -> list[Service]:
    """Offer ~/enable (SetBool), ~/save_frame (Trigger) and ~/reset (Trigger).

    Disabled, the node stays active and subscribed, and skips every frame; that ends with ~/enable
    or with cleanup. ``saver`` saves the next published frame of every camera. A reset lets
    counters, troubles, temporal filters and scale begin anew; ``reset_engine`` does so with what
    the engine counts. All take effect with the next frame. ``state`` returns the label of the
    lifecycle state.
    """

    def enable(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        response.success, response.message = _enable(cameras, state(), request.data)
        node.get_logger().info(f'~/enable: {response.message}')
        return response

    def save_frame(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = _save(cameras, saver, state())
        node.get_logger().info(f'~/save_frame: {response.message}')
        return response

    def reset(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        for camera in cameras.values():
            camera.reset()
        reset_engine()
        response.success = True
        response.message = 'counters, troubles, temporal filters and scale begin anew'
        node.get_logger().info(f'~/reset: {response.message}')
        return response

    return [
        node.create_service(SetBool, '~/enable', enable),
        node.create_service(Trigger, '~/save_frame', save_frame),
        node.create_service(Trigger, '~/reset', reset),
    ]


def _enable(cameras: Mapping[str, CameraChannel], state: str, wanted: bool) -> tuple[bool, str]:
    """Switch all cameras; return if that could be, and what to tell."""
    if state not in CONFIGURED:
        return False, f'the node is {state}: configure it first, then it is enabled'
    for camera in cameras.values():
        camera.enabled = wanted
    if not wanted:
        return True, 'disabled: every frame is skipped until ~/enable says otherwise'
    return True, 'enabled' if state == 'active' else f'enabled, but the node is {state}'


def _save(cameras: Mapping[str, CameraChannel], saver: FrameSaver, state: str) -> tuple[bool, str]:
    """Wish for the next frames; return if they can be, and what to tell."""
    if state != 'active':
        return False, f'the node is {state} and publishes no frames: activate it'
    if not all(camera.enabled for camera in cameras.values()):
        return False, 'the node is disabled and publishes no frames: enable it with ~/enable'
    return saver.ask()
