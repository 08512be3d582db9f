# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What rclpy's lifecycle nodes lack: to tell their state, and to outlive a wrong wish."""

from __future__ import annotations

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode


def state_of(node: LifecycleNode) -> str:
    """Return the label of a node's state, such as 'active'; rclpy has no public way to ask."""
    return str(node._state_machine.current_state[1])


def refuse_impossible_transitions(node: LifecycleNode) -> None:
    """Answer a wish for a transition that the state does not have; rclpy would end the process."""
    answer = node._service_change_state.callback

    def on_change_state(
        request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        state = state_of(node)
        try:
            return answer(request, response)
        except RuntimeError as error:  # rclpy's RCLError
            wanted = request.transition.label or request.transition.id
            node.get_logger().warning(
                f'transition {wanted} refused, the node is {state}: {" ".join(str(error).split())}'
            )
            response.success = False
            return response

    node._service_change_state.callback = on_change_state
