#!/usr/bin/env bash
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs a command with ROS 2, the workspace and the virtual environment in place, and depth_node, camera_node and
# depth-anything on PATH. The command takes this process over, so that signals reach it. Containers begin with it, and so
# does depth_node.service. Variables that it heeds, with those of the images as defaults:
#   ROS_DISTRO   jazzy              /opt/ros/$ROS_DISTRO is sourced
#   WORKSPACE    /opt/depth_ws      its install/ is sourced
#   VENV         /opt/depth_venv    virtual environment with torch; need not be there
set -eo pipefail # no -u: ROS's own scripts read variables that are not set

ROS_DISTRO=${ROS_DISTRO:-jazzy}
WORKSPACE=${WORKSPACE:-/opt/depth_ws}
VENV=${VENV:-/opt/depth_venv}

for setup in "/opt/ros/$ROS_DISTRO/setup.bash" "$WORKSPACE/install/local_setup.bash"; do
  if [[ ! -r $setup ]]; then
    echo "entrypoint: $setup is not there: check ROS_DISTRO and WORKSPACE" >&2
    exit 1
  fi
  # shellcheck source=/dev/null
  source "$setup"
done

# Nodes run under the python3 that is first on PATH.
if [[ -d $VENV/bin ]]; then PATH=$VENV/bin:$PATH; fi
IFS=: read -ra prefixes <<<"${AMENT_PREFIX_PATH:-}"
for prefix in "${prefixes[@]}"; do
  if [[ -d $prefix/lib/depth_anything_ros ]]; then PATH=$prefix/lib/depth_anything_ros:$PATH; fi
done
export PATH

if (($# == 0)); then
  echo 'entrypoint: no command given, such as: depth_node --ros-args -r image:=/camera/image_raw' >&2
  exit 1
fi
exec "$@"
