# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/depth_node.py: the real processes, their starts, their ends and their output."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')

import rclpy
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.node import Node
from sensor_msgs.msg import Image

from depth_anything_ros.ros.node import DepthNode

PATIENCE = 60.0  # seconds until a test gives up
SMALL = ('weights:=random', 'device:=cpu', 'input_size:=42')
SLOW_START = """
import sys, time
from depth_anything_ros.ros import depth_node, node

def on_configure(self, state):
    print('configuring', flush=True)
    for _ in range(6000):
        time.sleep(0.1)

node.DepthNode.on_configure = on_configure
sys.exit(depth_node.main())
"""

SLOW_END = """
import atexit, sys, time
from depth_anything_ros.ros import depth_node

atexit.register(time.sleep, 600)
sys.exit(depth_node.main())
"""


class Process:
    """One process whose output goes to a file."""

    def __init__(self, log: Path, *arguments: str) -> None:
        self.log = log
        with open(log, 'wb') as file:
            self.popen = subprocess.Popen(
                [sys.executable, *arguments], stdout=file, stderr=subprocess.STDOUT
            )

    @property
    def output(self) -> str:
        return self.log.read_text(errors='replace')

    def wait_for(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self.popen.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.02)

    def wait_for_text(self, text: str) -> None:
        self.wait_for(lambda: text in self.output)

    def end(self, number: signal.Signals | None = None) -> int:
        """Send a signal, if given, and return the exit code."""
        if number is not None:
            self.popen.send_signal(number)
        return self.popen.wait(PATIENCE)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()


Start = Callable[..., Process]


@pytest.fixture
def start(ros_domain, tmp_path: Path) -> Iterator[Start]:
    """Start nodes as processes, with ROS parameters; nothing stays behind."""
    processes: list[Process] = []

    def run(*parameters: str, node: str = 'depth_node', code: str = '') -> Process:
        arguments = ['-c', code] if code else ['-m', f'depth_anything_ros.ros.{node}']
        if parameters:
            arguments.append('--ros-args')
        for parameter in parameters:
            arguments += ['-p', parameter]
        processes.append(Process(tmp_path / f'{len(processes)}.log', *arguments))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()


class Peer:
    """A node of the test's own."""

    def __init__(self) -> None:
        self.node = Node('peer')

    def spin_until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, 'what the test waits for did not happen'
            rclpy.spin_once(self.node, timeout_sec=0.05)

    def call(self, kind: type, name: str, request):
        client = self.node.create_client(kind, name)
        self.spin_until(client.service_is_ready)
        future = client.call_async(request)
        self.spin_until(future.done)
        return future.result()

    def state(self) -> int:
        answer = self.call(GetState, '/depth_node/get_state', GetState.Request())
        return answer.current_state.id


@pytest.fixture
def peer(ros_domain) -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.node.destroy_node()


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_active_node_cleanly(start, number):
    process = start(*SMALL)
    process.wait_for_text('active:')
    assert process.end(number) == 0, process.output
    assert 'Traceback' not in process.output


def test_a_destroyed_node_leaves_the_graph_while_python_still_has_it(peer):
    node = DepthNode()
    peer.spin_until(lambda: 'depth_node' in peer.node.get_node_names())
    node.destroy_node()
    peer.spin_until(lambda: 'depth_node' not in peer.node.get_node_names())


def test_a_signal_does_not_wait_for_python_to_take_its_modules_apart(start):
    process = start(*SMALL, code=SLOW_END)
    process.wait_for_text('active:')
    assert process.end(signal.SIGTERM) == 0, process.output


@pytest.mark.skipif(not Path('/proc/self/maps').exists(), reason='needs /proc')
def test_signals_that_keep_coming_do_not_make_a_clean_end_look_like_a_crash(start):
    process = start()
    process.wait_for_text('active:')
    while process.popen.poll() is None:
        process.popen.send_signal(signal.SIGINT)
        time.sleep(0.005)
    assert process.end() == 0
    assert 'Traceback' not in process.output


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_still_imports_ends_it_cleanly(start, number):
    process = start(*SMALL)
    maps = Path(f'/proc/{process.popen.pid}/maps')
    process.wait_for(lambda: 'libtorch' in maps.read_text())
    assert process.end(number) == 0, process.output
    assert 'Traceback' not in process.output


def test_a_signal_while_the_network_is_loaded_ends_it_cleanly(start):
    process = start(*SMALL, code=SLOW_START)
    process.wait_for_text('configuring')
    assert process.end(signal.SIGINT) == 0, process.output
    assert 'Traceback' not in process.output


def test_a_signal_while_a_manager_configures_ends_it_at_once(start, peer):
    process = start(*SMALL, 'autostart:=false', code=SLOW_START)
    client = peer.node.create_client(ChangeState, '/depth_node/change_state')
    peer.spin_until(client.service_is_ready)
    configure = Transition(id=Transition.TRANSITION_CONFIGURE)
    client.call_async(ChangeState.Request(transition=configure))
    process.wait_for_text('configuring')
    assert process.end(signal.SIGTERM) == 0, process.output
    assert 'Traceback' not in process.output


def told(process: Process) -> str:
    """Return what a process that must fail said in its one line."""
    assert process.end() == 1, process.output
    lines = process.output.strip().splitlines()
    assert len(lines) == 1, process.output
    return lines[0]


@pytest.mark.parametrize(
    ('parameter', 'message'),
    [
        ('model:=smal', "'smal' is neither a file nor a model; the models are nano"),
        ('model:=/nowhere/weights.pth', '/nowhere/weights.pth'),
        ('rate_limit:=-1.0', 'rate_limit'),
        ('precision:=float8', 'parameter precision must be one of auto'),
        ('rate_limit:=fast', "parameter rate_limit must be a number, got 'fast'"),
        ('use_sim_time:=5', 'use_sim_time'),
        (
            'qos_overrides./depth/color.publisher.reliability:=sometimes',
            'Unexpected QoS override for policy `reliability`: `sometimes`',
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_1(start, parameter, message):
    given = [p for p in SMALL if not (parameter.startswith('model') and p.startswith('weights'))]
    assert message in told(start(*given, parameter))


def test_an_unknown_qos_of_the_subscription_is_named(start):
    parameter = 'qos_overrides./image.subscription.reliability:=sometimes'
    assert '`reliability`: `sometimes`' in told(start(*SMALL, parameter))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [(['-p'], 'trailing -p'), (['-p', 'foo'], "'-p foo'"), (['--bogus'], '--bogus')],
)
def test_arguments_that_ros_cannot_parse_are_one_line(ros_domain, tmp_path, arguments, message):
    module = ('-m', 'depth_anything_ros.ros.depth_node')
    process = Process(tmp_path / 'log', *module, '--ros-args', *arguments)
    assert process.end() == 1
    assert 'Traceback' not in process.output
    ours = [line for line in process.output.splitlines() if line.startswith('depth_node: ')]
    assert len(ours) == 1 and message in ours[0]


def test_without_autostart_it_waits_and_answers_its_manager(start, peer):
    process = start(*SMALL, 'autostart:=false')
    assert peer.state() == State.PRIMARY_STATE_UNCONFIGURED
    for transition, state in (
        (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
        (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE),
        (Transition.TRANSITION_DEACTIVATE, State.PRIMARY_STATE_INACTIVE),
        (Transition.TRANSITION_CLEANUP, State.PRIMARY_STATE_UNCONFIGURED),
    ):
        request = ChangeState.Request(transition=Transition(id=transition))
        assert peer.call(ChangeState, '/depth_node/change_state', request).success
        assert peer.state() == state
    assert process.end(signal.SIGINT) == 0, process.output
    assert 'Traceback' not in process.output


def stamp_ns(message: Image) -> int:
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def test_depth_resumes_when_a_killed_camera_comes_back(start, peer, tmp_path):
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for index in range(3):
        assert cv2.imwrite(str(folder / f'{index}.png'), np.full((48, 64, 3), 80 * index, np.uint8))
    depths: list[Image] = []
    peer.node.create_subscription(Image, 'depth/disparity_relative', depths.append, 10)
    depth = start(*SMALL)
    camera = (f'source:={folder}', 'rate:=10')
    first = start(*camera, node='camera_node')
    peer.spin_until(lambda: len(depths) >= 3)
    first.end(signal.SIGKILL)
    killed_at = peer.node.get_clock().now().nanoseconds
    second = start(*camera, node='camera_node')
    peer.spin_until(lambda: sum(stamp_ns(message) > killed_at for message in depths) >= 3)
    assert depth.popen.poll() is None and second.popen.poll() is None
    assert depth.end(signal.SIGINT) == 0, depth.output
    assert 'Traceback' not in depth.output
