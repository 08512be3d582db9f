# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 nodes: parameters, messages and the node itself."""
