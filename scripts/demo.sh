#!/usr/bin/env bash
# Runs the demo, after setting up what it needs. Its options: bash scripts/demo.sh --help
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/scripts/setup.sh" ros cli

# Only programs on this machine see the demo's topics.
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
exec "$root/.venv/bin/depth-anything" demo "$@"
