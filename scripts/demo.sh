#!/usr/bin/env bash
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the demo, after setting up what it needs. Its options: bash scripts/demo.sh --help
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/scripts/setup.sh" ros cli

# Only programs on this machine see the demo's topics.
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
[[ ${ROS_DISTRO:-} != humble ]] || export ROS_LOCALHOST_ONLY=1
exec "$root/.venv/bin/depth-anything" demo "$@"
