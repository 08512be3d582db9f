# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Operating a node by its services, on a real ROS graph."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool, Trigger

from depth_anything_ros.media.calibration import read_calibration
from depth_anything_ros.ros.node import DepthNode


class Asker:
    """Calls the services of depth_node as anybody would."""

    def __init__(self, graph) -> None:
        self._graph = graph
        self._clients = {}

    def __call__(self, kind, name, **fields):
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = self._graph.peer.create_client(
                kind, f'/depth_node/{name}'
            )
        self._graph.spin_until(client.service_is_ready)
        future = client.call_async(kind.Request(**fields))
        self._graph.spin_until(future.done)
        return future.result()

    def enable(self, wanted):
        return self(SetBool, 'enable', data=wanted)

    def save(self):
        return self(Trigger, 'save_frame')

    def reset(self):
        return self(Trigger, 'reset')


@pytest.fixture
def ask(graph):
    return Asker(graph)


def counts(node):
    return node.cameras[''].counters.counts()


def status(graph, node):
    """Return message and values of a new status of the camera."""
    reports = graph.listen('/diagnostics', DiagnosticArray)
    graph.spin_until(lambda: node.count_subscribers('/diagnostics'))
    reports.clear()
    node.publish_diagnostics()
    graph.spin_until(lambda: reports)
    newest = reports[-1].status[0]
    return newest.message, {pair.key: pair.value for pair in newest.values}


def test_disabled_it_skips_every_frame_and_stays_active(graph, ask):
    node = graph.active_node()
    depths = graph.listen('depth/disparity_relative')
    graph.connect(node)
    assert ask.enable(False).success
    graph.send_image()
    graph.settle(node, 1)
    assert (counts(node).skipped, counts(node).published) == (1, 0)
    assert node._state() == 'active' and len(node.cameras[''].subscriptions) == 2
    message, values = status(graph, node)
    assert 'disabled' in message and values['enabled'] == 'false'

    assert ask.enable(True).message == 'enabled'
    graph.send_image()
    graph.spin_until(lambda: depths)
    assert status(graph, node)[1]['enabled'] == 'true'


def test_who_is_not_configured_cannot_be_disabled_and_cleanup_enables(graph, ask):
    node = graph.depth_node()
    refused = ask.enable(False)
    assert not refused.success and 'unconfigured' in refused.message
    node.trigger_configure()
    assert ask.enable(False).success
    node.trigger_activate()
    node.trigger_deactivate()
    assert not node.cameras[''].enabled  # nobody said otherwise
    node.trigger_cleanup()
    assert node.cameras[''].enabled


def saved(graph, folder, number=1):
    """Wait until so many frames are there, and return their folders, oldest first."""
    graph.spin_until(lambda: len([p for p in folder.glob('*') if p.name[0] != '.']) >= number)
    return sorted(folder.iterdir())


def test_the_next_frame_is_saved_whole_even_if_nobody_listens(graph, ask, tmp_path):
    folder = tmp_path / 'frames'
    node = graph.active_node(model='metric-indoor-small', save_folder=str(folder))
    graph.spin_until(lambda: graph._image.get_subscription_count())
    header = graph.header(stamp=1_700_000_000)
    header.frame_id = '../../../escape'
    graph.send_info(header)
    graph.spin_until(lambda: node.cameras[''].infos._newest is not None)

    assert ask.save().success
    pixels = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    graph.send_image(header=header)

    (frame,) = saved(graph, folder)
    assert frame.name == 'camera_1700000000_000000000'
    assert {path.name for path in frame.iterdir()} == {
        *('picture.png', 'depth.npy', 'depth.png', 'camera_info.yaml', 'points.ply'),
    }
    assert (cv2.imread(str(frame / 'picture.png'))[..., ::-1] == pixels).all()
    metres = np.load(frame / 'depth.npy')
    assert metres.shape == (48, 64) and metres.dtype == np.float32
    steps = cv2.imread(str(frame / 'depth.png'), cv2.IMREAD_UNCHANGED)
    assert steps.dtype == np.uint16
    told = np.isfinite(metres)
    np.testing.assert_allclose(steps[told] / 1000, metres[told], atol=0.00051)
    assert read_calibration(frame / 'camera_info.yaml').k[0] == 60.0
    graph.settle(node, 1)
    assert counts(node).published == 1
    _, values = status(graph, node)
    assert values['saved_frame'] == f'saved {frame}'
    # One wish is one frame.
    graph.send_image()
    graph.settle(node, 2)
    assert counts(node).skipped == 1 and len(list(folder.iterdir())) == 1


def test_relative_depth_is_saved_as_what_it_is(graph, ask, tmp_path):
    graph.active_node(save_folder=str(tmp_path))
    graph.spin_until(lambda: graph._image.get_subscription_count())
    for number in (1, 2):
        ask.save()
        graph.send_image(header=graph.header(stamp=5))
        frames = saved(graph, tmp_path, number)

    assert [frame.name for frame in frames] == ['camera_5_000000000', 'camera_5_000000000_2']
    for frame in frames:
        assert {path.name for path in frame.iterdir()} == {'picture.png', 'disparity.npy'}


def test_every_camera_has_a_frame_saved(graph, ask, coded_network, tmp_path):
    graph.active_node(cameras=['front', 'rear'], save_folder=str(tmp_path))
    publishers = [graph.peer.create_publisher(Image, f'{n}/image', 1) for n in ('front', 'rear')]
    graph.spin_until(lambda: all(p.get_subscription_count() for p in publishers))
    assert '2 camera(s)' in ask.save().message
    for number, publisher in enumerate(publishers):
        publisher.publish(graph.coded_image(number, 7, 'x').serialize())

    frames = saved(graph, tmp_path, 2)
    assert [frame.name for frame in frames] == ['front_7_000000000', 'rear_65543_000000000']
    assert np.load(frames[1] / 'depth.npy').max() == 65543.0


@pytest.mark.parametrize('folder', ['', '/proc/nothing/here'])
def test_without_a_folder_the_answer_says_what_to_set(graph, ask, folder):
    graph.active_node(save_folder=folder)

    answer = ask.save()

    assert not answer.success and 'save_folder' in answer.message


def test_a_frame_that_will_not_come_is_not_promised(graph, ask, tmp_path):
    node = graph.active_node(save_folder=str(tmp_path))
    ask.enable(False)
    assert '~/enable' in ask.save().message
    node.trigger_deactivate()
    answer = ask.save()
    assert not answer.success and 'inactive' in answer.message


def test_a_reset_starts_counters_and_troubles_anew(graph, ask):
    node = graph.active_node(filter__temporal=0.5)
    depths = graph.listen('depth/disparity_relative')
    graph.connect(node)
    camera = node.cameras['']
    graph.send_image()
    graph.spin_until(lambda: depths)
    graph.settle(node, 1)
    camera.reporter.report('image', 'a trouble')
    assert camera.space._metres._filter._past is not None

    assert ask.reset().success

    assert counts(node).as_dict() == dict.fromkeys(counts(node).as_dict(), 0)
    assert camera.reporter.current() == [] and camera.reporter.recent(60.0) == {}
    assert camera.counters.latency_percentiles() is None
    _, values = status(graph, node)
    assert values['received'] == '0' and values['findings'] == ''
    resets = []
    camera.space._metres._filter.reset = lambda: resets.append(True)
    graph.send_image()
    graph.settle(node, 1)
    assert resets == [True] and counts(node).published == 1


def test_a_relative_folder_is_refused_at_start(ros_domain):
    with pytest.raises(ValueError, match='full path'):
        DepthNode(parameter_overrides=[Parameter('save_folder', value='frames')])
