#!/usr/bin/env bash
# Runs the tests, after setting up what they need. Arguments go to pytest: bash scripts/test.sh test/geometry -x
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
extras=(ros cli formats dev)
# Not inside a distribution: both may want a newer NumPy than its packages are built for. Their tests skip then.
[[ -n ${ROS_DISTRO:-} ]] || extras+=(onnx openvino)
bash "$root/scripts/setup.sh" "${extras[@]}"

# No test reaches a hub, another machine's nodes, or the state that the user's own programs keep.
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
export HF_HUB_OFFLINE=1 HF_HOME=$state/huggingface
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST ROS_LOG_DIR=$state/ros XDG_CACHE_HOME=$state/cache

cd "$root"
if (($#)); then
    .venv/bin/python -m pytest -q "$@"
    exit
fi
# The middleware is native code that keeps threads and memory beyond a test, and is fed garbage by some:
# each file that talks ROS has a process of its own, so that none can harm another.
failed=()
for file in test/ros/test_*.py; do
    timeout 300 .venv/bin/python -m pytest -q "$file" || failed+=("$file")
done
.venv/bin/python -m pytest -q --ignore=test/ros || failed+=('the tests outside test/ros')
if ((${#failed[@]})); then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
