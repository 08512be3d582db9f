# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of ROS itself: rclpy, the middleware, its environment, and cv_bridge.

Nothing of ROS is imported before a check runs, so that its absence can be reported.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from depth_anything_ros.check import CheckResult, Verdict, first_line

Importer = Callable[[str], Any]
LAST_DOMAIN = 232
SAFE_DOMAINS = 101
"""Domain ids up to here keep clear of the ports that Linux hands out to clients."""
RANGES = ('SUBNET', 'LOCALHOST', 'OFF', 'SYSTEM_DEFAULT', '')
INSTALL = "source /opt/ros/$ROS_DISTRO/setup.bash, or pip install 'depth_anything_ros[ros]'"
ROUND_TRIP = """
import importlib.util, sys
if importlib.util.find_spec('cv_bridge') is None:
    sys.exit(77)
import numpy as np
from cv_bridge import CvBridge
bridge = CvBridge()
picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
back = bridge.imgmsg_to_cv2(bridge.cv2_to_imgmsg(picture, 'bgr8'), 'rgb8')
sys.exit(0 if (back == picture[..., ::-1]).all() else 'the picture came back changed')
"""
NOT_INSTALLED = 77


def check_rclpy(
    importer: Importer = importlib.import_module, environment: Mapping[str, str] = os.environ
) -> Iterator[CheckResult]:
    """Look where rclpy comes from, which middleware it loads, and whether that is one ROS."""
    distro = environment.get('ROS_DISTRO', '')
    try:
        rclpy = importer('rclpy')
    except ModuleNotFoundError as error:
        if error.name != 'rclpy':
            yield _broken(error, distro)
        elif distro:
            yield CheckResult(
                'rclpy',
                Verdict.FAIL,
                f'ROS_DISTRO is {distro}, but Python {sys.version_info[0]}.{sys.version_info[1]} '
                f'({sys.executable}) finds no rclpy',
                f'run with the Python of {distro}, or make the virtual environment with '
                '--system-site-packages',
            )
        else:
            yield CheckResult('rclpy', Verdict.ABSENT, 'no ROS: files only, no node', INSTALL)
        return
    except Exception as error:  # a library of the middleware that is missing, for one
        yield _broken(error, distro)
        return
    yield _origin(str(rclpy.__file__), distro, environment.get('AMENT_PREFIX_PATH', ''))
    yield _middleware(importer, environment.get('RMW_IMPLEMENTATION', ''))
    yield from _messages(importer)


def _broken(error: Exception, distro: str) -> CheckResult:
    return CheckResult(
        'rclpy',
        Verdict.FAIL,
        f'is there and cannot be imported ({first_line(error)})',
        f'run with the Python that {distro or "this ROS"} was built for; {INSTALL}',
    )


def _origin(file: str, distro: str, prefixes: str) -> CheckResult:
    sourced = [prefix for prefix in prefixes.split(os.pathsep) if prefix]
    from_sourced = any(Path(prefix) in Path(file).parents for prefix in sourced)
    folder = Path(file).parent
    if distro and not from_sourced:
        return CheckResult(
            'rclpy',
            Verdict.WARN,
            f'ROS_DISTRO is {distro}, but rclpy comes from {folder}',
            'use one ROS: either a shell without setup.bash, or pip uninstall the ros-* wheels',
        )
    return CheckResult('rclpy', Verdict.OK, f'{distro or "wheels, no ROS sourced"}, {folder}')


def _middleware(importer: Importer, wanted: str) -> CheckResult:
    try:
        loaded = importer('rclpy.utilities').get_rmw_implementation_identifier()
    except Exception as error:  # rclpy raises RuntimeError or ImportError by version
        return CheckResult(
            'RMW',
            Verdict.FAIL,
            f'RMW_IMPLEMENTATION={wanted or "(unset)"}: {first_line(error)}',
            f'install {wanted.replace("_", "-") or "an rmw"} for this ROS, or unset '
            'RMW_IMPLEMENTATION',
        )
    if wanted and wanted != loaded:
        return CheckResult(
            'RMW',
            Verdict.WARN,
            f'{loaded} is loaded, RMW_IMPLEMENTATION says {wanted}',
            'use the same on all machines',
        )
    return CheckResult('RMW', Verdict.OK, loaded)


def _messages(importer: Importer) -> Iterator[CheckResult]:
    missing = []
    for package in ('sensor_msgs', 'diagnostic_msgs', 'std_srvs', 'lifecycle_msgs'):
        try:
            importer(package)
        except ModuleNotFoundError:
            missing.append(package)
    if missing:
        yield CheckResult('messages', Verdict.FAIL, f'no {", ".join(missing)}', INSTALL)


def check_discovery(environment: Mapping[str, str] = os.environ) -> Iterator[CheckResult]:
    """Look at the domain and at how far nodes are sought."""
    domain = environment.get('ROS_DOMAIN_ID', '')
    number = int(domain) if domain.isdecimal() else 0
    if domain and (not domain.isdecimal() or number > LAST_DOMAIN):
        yield CheckResult(
            'ROS_DOMAIN_ID',
            Verdict.FAIL,
            f'{domain!r} is no domain',
            f'set a number from 0 to {SAFE_DOMAINS}, the same on all machines',
        )
    elif number > SAFE_DOMAINS:
        yield CheckResult(
            'ROS_DOMAIN_ID',
            Verdict.WARN,
            f'{number}: its ports can be taken by other programs',
            f'set a number from 0 to {SAFE_DOMAINS}',
        )
    else:
        yield CheckResult('ROS_DOMAIN_ID', Verdict.OK, domain or 'unset: 0')
    yield _range(
        environment.get('ROS_LOCALHOST_ONLY', ''),
        environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE', ''),
    )


def _range(localhost_only: str, reach: str) -> CheckResult:
    name = 'discovery'
    if localhost_only == '1':
        return CheckResult(
            name,
            Verdict.WARN,
            'ROS_LOCALHOST_ONLY=1: other machines are not seen, and from Iron on it overrides '
            f'ROS_AUTOMATIC_DISCOVERY_RANGE ({reach or "unset"})',
            'from Iron on unset it and set ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST; on Humble '
            'leave it if all runs on one machine',
        )
    if reach not in RANGES:
        return CheckResult(
            name,
            Verdict.FAIL,
            f'ROS_AUTOMATIC_DISCOVERY_RANGE={reach} is unknown',
            f'set one of {", ".join(RANGES[:-1])}',
        )
    if reach == 'OFF':
        return CheckResult(
            name,
            Verdict.WARN,
            'ROS_AUTOMATIC_DISCOVERY_RANGE=OFF: no node finds another',
            'set LOCALHOST (one machine) or SUBNET',
        )
    where = {'LOCALHOST': 'this machine only'}.get(reach, 'the subnet')
    return CheckResult(name, Verdict.OK, f'{reach or "unset"}: {where}')


def run_round_trip() -> tuple[int, str]:
    """Run the round trip in a process of its own; return its exit code and last line of stderr.

    A cv_bridge built for NumPy 1 ends the process under NumPy 2 on some versions.
    """
    done = subprocess.run(
        [sys.executable, '-c', ROUND_TRIP], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, (done.stderr.strip().splitlines() or [''])[-1]


def check_cv_bridge(
    round_trip: Callable[[], tuple[int, str]] = run_round_trip,
) -> Iterator[CheckResult]:
    """Send a picture through cv_bridge and back."""
    code, reason = round_trip()
    if code == 0:
        yield CheckResult('cv_bridge', Verdict.OK, 'a picture came back unchanged')
    elif code == NOT_INSTALLED:
        yield CheckResult(
            'cv_bridge',
            Verdict.ABSENT,
            'not installed; rgb, bgr, mono, bayer and yuv images do not need it',
            'for other encodings: apt install ros-$ROS_DISTRO-cv-bridge',
        )
    else:
        ended = f'the process ended by signal {-code}' if code < 0 else reason
        yield CheckResult(
            'cv_bridge',
            Verdict.WARN,
            f'does not work ({ended}); only rare encodings need it',
            "built for another NumPy? pip install 'numpy<2', or build vision_opencv again",
        )
