#!/usr/bin/env bash
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the tests, after setting up what they need. Arguments go to pytest: bash scripts/test.sh test/geometry -x
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
extras=(ros cli formats dev)
# Not inside a distribution: they may want a newer NumPy than its packages are built for. Their tests skip then.
[[ -n ${ROS_DISTRO:-} ]] || extras+=(onnx openvino view)
bash "$root/scripts/setup.sh" "${extras[@]}"

# No test reaches a hub, another machine's nodes, or the state that the user's own programs keep.
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
export HF_HUB_OFFLINE=1 HF_HOME=$state/huggingface
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST ROS_LOG_DIR=$state/ros XDG_CACHE_HOME=$state/cache
[[ ${ROS_DISTRO:-} != humble ]] || export ROS_LOCALHOST_ONLY=1

cd "$root"
if (($#)); then
    .venv/bin/python -m pytest -q "$@"
    exit
fi
# The middleware is native code that keeps threads and memory beyond a test, and is fed garbage by some:
# each file whose tests join the graph has a process of its own, so that none can harm another. So has the
# file whose tests run a Ray cluster. What hangs ends by itself: a test after its time (pytest says where it
# was), a process after that of all its tests.
mapfile -t nodes < <(grep -l ros_domain test/ros/test_*.py)
failed=()

# Run the tests of a process in so many seconds: SECONDS NAME ARGUMENTS...
tests() {
    local seconds=$1 name=$2
    shift 2
    timeout -k 10 "$seconds" .venv/bin/python -m pytest -q -o faulthandler_timeout=240 \
        -o faulthandler_exit_on_timeout=true "$@" || failed+=("$name")
}

readonly RAY=test/cli/test_label.py
tests 600 'test/ros, what joins no graph' test/ros "${nodes[@]/#/--ignore=}"
for file in "${nodes[@]}" "$RAY"; do tests 300 "$file" "$file"; done
tests 1500 'the tests outside test/ros' --ignore=test/ros --ignore="$RAY"
if ((${#failed[@]})); then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
