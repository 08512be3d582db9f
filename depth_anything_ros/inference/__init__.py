# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the network runs: pictures in, depth out, newest frame first."""
