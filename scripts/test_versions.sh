#!/usr/bin/env bash
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the tests on other versions of what the package stands on, each in a virtual environment of its own.
#
#   bash scripts/test_versions.sh [--short | --ros] [NAME...]       names: kilted numpy1 oldest noble newest
#
# Without names: kilted and numpy1, which need no other Python and no CUDA build of torch. The last three download
# 3 GB each where pip finds no CPU build. --short runs the tests of geometry/, model/ and messages only, --ros
# those of ros/ only, as CI does for Kilted.
# Environments stay in out/versions/, so that a second run starts at once. docs/versions.md tells what came of it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

readonly TORCH=torch==2.13.0
readonly MESSAGES='diagnostic-msgs geometry-msgs lifecycle-msgs nav-msgs sensor-msgs std-msgs std-srvs'
readonly TOOLS='pyyaml safetensors huggingface_hub pytest hypothesis typer rich rosbags av'

# Print the wheels of a distribution of ROS.
ros() {
    local message
    echo "ros-$1-rclpy[fastrtps]"
    for message in $MESSAGES; do echo "ros-$1-$message"; done
}

# Print the interpreter and what is installed with it, one a line.
recipe() {
    local opencv=opencv-python-headless
    case $1 in
        kilted) printf '%s\n' python3.11 "$TORCH" "$opencv>=5" "$(ros kilted)" ;;
        numpy1) printf '%s\n' python3.11 "$TORCH" 'numpy==1.26.4' "$opencv==4.11.0.86" "$(ros jazzy)" ;;
        # What Ubuntu 22.04 has, with the lowest bounds of setup.py.
        oldest) printf '%s\n' python3.10 torch==2.4.0 numpy==1.21.6 "$opencv==4.5.4.60" safetensors==0.4.0 \
            huggingface_hub==0.34.0 pyyaml==6.0 "$(ros jazzy)" ;;
        # What Ubuntu 24.04 has.
        noble) printf '%s\n' python3.12 torch==2.4.1 numpy==1.26.4 "$opencv==4.6.0.66" "$(ros jazzy)" ;;
        newest) printf '%s\n' python3.13 torch "$opencv" "$(ros kilted)" ;;
        *) echo "test_versions: no environment '$1': kilted, numpy1, oldest, noble, newest" >&2; return 2 ;;
    esac
}

build() {
    local venv=$1 lines
    shift
    mapfile -t lines <<<"$1"
    [[ -e $venv/.done && $(<"$venv/.done") == "$1" ]] && return
    rm -rf "$venv"
    "${lines[0]}" -m venv "$venv" || return
    # shellcheck disable=SC2086
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${lines[@]:1}" $TOOLS || return
    printf '%s' "$1" >"$venv/.done"
}

part='' names=()
for argument in "$@"; do
    if [[ $argument == --* ]]; then part=$argument; else names+=("$argument"); fi
done
((${#names[@]})) || names=(kilted numpy1)

state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
export HF_HUB_OFFLINE=1 HF_HOME=$state/huggingface PYTHONPATH=$root
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST ROS_LOG_DIR=$state/ros XDG_CACHE_HOME=$state/cache

failed=()
for name in "${names[@]}"; do
    wanted=$(recipe "$name")
    venv=$root/out/versions/$name
    echo "== $name"
    if ! build "$venv" "$wanted"; then
        failed+=("$name: its environment could not be built")
        continue
    fi
    "$venv/bin/python" -c 'import sys, cv2, numpy, torch
print(sys.version.split()[0], "torch", torch.__version__, "numpy", numpy.__version__, "cv2", cv2.__version__)'
    # What starts nodes in its own process has that to itself, as in scripts/test.sh; the rest shares one.
    mapfile -t nodes < <(grep -l ros_domain test/ros/test_*.py)
    mapfile -t others < <(grep -L ros_domain test/ros/test_*.py)
    case $part in
        --short) files=("test/geometry test/model $(echo test/ros/test_*_message.py test/ros/test_raw_*.py)") ;;
        --ros) files=("${others[*]}" "${nodes[@]}") ;;
        '') files=(test/geometry test/model test/inference test/data test/evaluation test/media test/training
            "${others[*]}" "${nodes[@]}") ;;
        *) echo "test_versions: no option $part: --short, --ros" >&2; exit 2 ;;
    esac
    for file in "${files[@]}"; do
        # shellcheck disable=SC2086
        timeout 600 "$venv/bin/python" -m pytest -q $file || failed+=("$name: $file")
    done
done
if ((${#failed[@]})); then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
