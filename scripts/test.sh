#!/usr/bin/env bash
# Runs the tests, after setting up what they need. Arguments go to pytest: bash scripts/test.sh test/geometry -x
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/scripts/setup.sh" ros cli dev

# No test reaches a hub, another machine's nodes, or the state that the user's own programs keep.
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
export HF_HUB_OFFLINE=1 HF_HOME=$state/huggingface
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST ROS_LOG_DIR=$state/ros

cd "$root"
.venv/bin/python -m pytest -q "$@"
