#!/usr/bin/env bash
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds or completes the virtual environment that scripts/demo.sh and scripts/test.sh use.
#
#   bash scripts/setup.sh [EXTRA...]          extras of setup.py, such as: ros cli dev
#
# Says nothing when there is nothing to do. A run that was cut off goes on where it stopped. pip's own words go to a log.
# Inside a sourced ROS 2 distribution its rclpy, NumPy and OpenCV are used, otherwise wheels. Variables that it heeds:
#   PYTHON             the interpreter to build on (otherwise the first fitting python3)
#   TORCH_INDEX_URL    a package index to take torch from, for another build than the default choice
set -euo pipefail

readonly TORCH_VERSION=2.13.0
readonly TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root venv=$root/.venv
readonly log=$venv/setup.log stamp=$venv/.setup-done

say() { printf 'setup: %s\n' "$1" >&2; }

die() {
  say "error: $1"
  shift
  (($# == 0)) || printf '       %s\n' "$@" >&2
  exit 1
}

# Print the interpreter to build on. The wheels of rclpy exist for Python 3.10 to 3.13; ROS brings its own python3.
find_python() {
  local candidates=(python3 python3.13 python3.12 python3.11 python3.10) limit='(3, 14)' candidate
  if [[ $mode == ros ]]; then candidates=(python3) limit='(4,)'; fi
  if [[ -n ${PYTHON:-} ]]; then candidates=("$PYTHON"); fi
  for candidate in "${candidates[@]}"; do
    if "$candidate" -c "import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < $limit)" 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  die "no Python from 3.10 to 3.13 found; '${candidates[0]}' is $("${candidates[0]}" --version 2>&1 | tail -n 1 || true)" \
    'On Debian and Ubuntu: sudo apt install python3 python3-venv' \
    'Or name one:          PYTHON=/path/to/python3.12 bash scripts/test.sh'
}

# Print `ros` when the sourced distribution's rclpy is to be used, otherwise `wheels`.
find_mode() {
  [[ -n ${ROS_DISTRO:-} ]] || { echo wheels; return; }
  local python=${PYTHON:-python3}
  if "$python" -c 'import rclpy' 2>/dev/null; then
    echo ros
  elif "$python" -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("rclpy"))' 2>/dev/null; then
    die "ROS $ROS_DISTRO is sourced, but its rclpy does not load in '$python' ($("$python" --version 2>&1))" \
      "Put the distribution's own python3 first on PATH, or use a shell in which ROS is not sourced."
  else
    say "ROS_DISTRO is '$ROS_DISTRO', but '$python' finds no rclpy: source the distribution to use it; taking wheels"
    echo wheels
  fi
}

has_nvidia_gpu() {
  [[ -e /proc/driver/nvidia/version || -e /etc/nv_tegra_release ]] || nvidia-smi -L >/dev/null 2>&1
}

# Whether packages of the system's Python are to be seen: ROS's Python packages, or NVIDIA's torch for a Jetson.
wants_system_packages() {
  [[ $mode == ros ]] && return
  [[ -e /etc/nv_tegra_release ]] && "$1" -c 'import torch' 2>/dev/null
}

# Tell what failed, judging by what the log gained since byte $2, and stop.
explain() {
  local what=$1 new advice
  new=$(tail -c "+$(($2 + 1))" "$log" 2>/dev/null || true)
  case $new in
    *'No space left on device'* | *'Disk quota exceeded'*)
      advice="The disk is full: $(df -h "$root" | awk 'NR == 2 {print $4}') are free; 4 GB serve without a GPU, 12 GB with one." ;;
    *'NewConnectionError'* | *'name resolution'* | *'ConnectTimeout'* | *'ReadTimeout'* | *'Network is unreachable'* | \
      *'Connection refused'* | *'Read timed out'* | *'ProxyError'*)
      advice='The package index cannot be reached: check the network or the proxy.' ;;
    *'Permission denied'* | *'Read-only file system'*)
      advice="This user may not write there: check the owner of $venv." ;;
    *) advice='The last lines of the log name the cause.' ;;
  esac
  die "could not $what" "$advice" "Log: $log" 'Then run the same command again: it goes on where it stopped.'
}

pip_install() {
  "$venv/bin/python" -m pip install --quiet --no-input --progress-bar off --disable-pip-version-check "$@" \
    >>"$log" 2>&1 </dev/null
}

# Install with a line on the terminal, or explain why not.
pip_step() {
  local what=$1 start
  shift
  start=$(wc -c <"$log")
  say "$what"
  pip_install "$@" || explain "$what" "$start"
}

make_venv() {
  local python what='make the virtual environment .venv' output
  if "$venv/bin/python" -c '' 2>/dev/null; then
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 && return
    "$venv/bin/python" -m ensurepip >>"$log" 2>&1 || explain 'install pip in .venv' 0
    return
  fi
  python=$(find_python)
  "$python" -c 'import venv, ensurepip' 2>/dev/null ||
    die "'$python' lacks the venv module" 'On Debian and Ubuntu: sudo apt install python3-venv'
  local flags=(--clear)
  wants_system_packages "$python" && flags+=(--system-site-packages)
  say "$what with $("$python" --version)"
  mkdir -p "$venv" 2>/dev/null || die "cannot create $venv" 'This user may not write there.'
  # --clear empties the folder, and so the log, which is written after it.
  if output=$("$python" -m venv "${flags[@]}" "$venv" 2>&1); then
    printf '%s\n' "$output" >"$log"
  else
    printf '%s\n' "$output" >"$log"
    explain "$what" 0
  fi
}

sees_system_packages() {
  grep -q '^include-system-site-packages = true' "$venv/pyvenv.cfg"
}

check_mode() {
  if [[ $mode == ros ]] && ! sees_system_packages; then
    die ".venv was built without ROS, and ROS $ROS_DISTRO is sourced now" \
      'Remove it (rm -rf .venv) to build it on ROS, or use a shell in which ROS is not sourced.'
  fi
  if [[ $mode == wheels ]] && sees_system_packages && [[ ! -e /etc/nv_tegra_release ]]; then
    die '.venv was built on a ROS distribution that is not sourced now' \
      'Source it (source /opt/ros/DISTRO/setup.bash), or remove .venv (rm -rf .venv) to build it on wheels.'
  fi
}

# A torch that the system provides stays. Otherwise a wheel laid out locally (pip's find-links) comes first; then, without
# an NVIDIA GPU, the index of CPU builds, as the default build brings CUDA along; then pip's own index.
install_torch() {
  local pin=torch==$TORCH_VERSION index=${TORCH_INDEX_URL:-}
  if sees_system_packages && "$venv/bin/python" -c 'import torch' 2>/dev/null; then return; fi
  if [[ -z $index ]] && ! has_nvidia_gpu; then index=$TORCH_CPU_INDEX; fi
  say "installing $pin"
  pip_install --no-index --no-deps "$pin" && return
  if [[ -n $index ]]; then
    pip_install --index-url "$index" --no-deps --timeout 15 --retries 0 "$pin" && return
    say "$index does not serve it: taking pip's default build, which may be several GB"
  fi
  pip_step "installing $pin from pip's index" "$pin"
}

# The project's requirements without those that ROS brings: rclpy and the messages, and an OpenCV that pip cannot see.
requirements_beside_ros() {
  "$venv/bin/python" - "$@" <<'P'
import importlib.metadata
import importlib.util
import sys

from pip._vendor.packaging.requirements import Requirement

extras = [extra for extra in sys.argv[1:] if extra != 'ros'] or ['']
for line in importlib.metadata.requires('depth_anything_ros'):
    requirement = Requirement(line)
    if requirement.marker and not any(requirement.marker.evaluate({'extra': e}) for e in extras):
        continue
    if requirement.name == 'opencv-python-headless' and importlib.util.find_spec('cv2'):
        continue
    requirement.marker = None
    print(requirement)
P
}

install_project() {
  local extras='' requirements
  if ! sees_system_packages; then
    (($# == 0)) || extras=[$(IFS=,; echo "$*")]
    pip_step "installing depth_anything_ros$extras" --editable "$root$extras"
    return
  fi
  pip_step 'installing depth_anything_ros' --no-deps --editable "$root"
  mapfile -t requirements < <(requirements_beside_ros "$@")
  # cv_bridge and the message packages of the distribution are built for its NumPy, so that one has to stay.
  "$venv/bin/python" -c 'import numpy; print(f"numpy=={numpy.__version__}")' >"$venv/constraints.txt" 2>/dev/null || true
  pip_step "installing what it needs beside ROS $ROS_DISTRO" --constraint "$venv/constraints.txt" "${requirements[@]}"
}

# What the environment was built from: the recipe, the place, the interpreter. (cksum is POSIX; sha256sum is not.)
fingerprint() {
  cat "$root/setup.py" "$root/setup.cfg" "$root/scripts/setup.sh" | cksum
  echo "$root $mode"
  "$venv/bin/python" --version 2>&1
}

# The stamp holds the fingerprint and, on its last line, the extras installed so far.
is_done() {
  [[ -e $stamp && $(sed '$d' "$stamp") == "$(fingerprint)" ]] || return 1
  local extra installed
  installed=" $(tail -n 1 "$stamp") "
  for extra in "$@"; do
    [[ $installed == *" $extra "* ]] || return 1
  done
}

main() {
  trap 'say "interrupted: the same command goes on where it stopped"; exit 130' INT TERM
  mode=$(find_mode)
  is_done "$@" && return
  # Two commands started together must not build the same environment at once.
  if command -v flock >/dev/null; then
    exec 9<"${BASH_SOURCE[0]}"
    flock --nonblock 9 || { say 'waiting for another set-up to end'; flock 9; }
    is_done "$@" && return
  fi
  local extras=("$@")
  if [[ -e $stamp ]]; then
    mapfile -t extras < <(printf '%s\n' "$@" $(tail -n 1 "$stamp") | grep . | sort -u)
  fi
  rm -f "$stamp"
  make_venv
  check_mode
  install_torch
  install_project "${extras[@]}"
  "$venv/bin/python" -c 'import cv2, numpy, safetensors, torch, yaml' >>"$log" 2>&1 ||
    die 'the virtual environment is damaged: its packages do not import' "Log: $log" 'Remove it and run again: rm -rf .venv'
  { fingerprint; echo "${extras[*]}"; } >"$stamp"
  say 'done'
}

main "$@"
