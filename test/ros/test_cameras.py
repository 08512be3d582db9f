# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several cameras of one node on a real graph; the network gives back what the pixels tell."""

from __future__ import annotations

import array

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.ros.node import DepthNode
from depth_anything_ros.ros.parameter_table import ParameterError
from depth_anything_ros.ros.pinhole import camera_info_from

CAMERAS = ('front', 'left')


class Rig:
    """A node with several cameras, their drivers, and a listener of each depth."""

    def __init__(self, graph, cameras=CAMERAS, **parameters):
        self.graph, self.names = graph, cameras
        peer = graph.peer
        self.images = {name: peer.create_publisher(Image, f'{name}/image', 1) for name in cameras}
        self.depths = {name: graph.listen(f'{name}/depth/image_rect') for name in cameras}
        self.node = graph.active_node(cameras=list(cameras), **parameters)
        graph.spin_until(
            lambda: (
                all(camera.outputs.heard for camera in self.node.cameras.values())
                and all(
                    image.get_subscription_count() or self.node.cameras[name].settings().compressed
                    for name, image in self.images.items()
                )
            )
        )

    def send(self, name, number):
        """Publish a camera's numbered frame; wait until the node has it."""
        before = self.counts(name).received
        image = self.graph.coded_image(self.names.index(name) + 1, number, name)
        self.images[name].publish(image.serialize())
        self.graph.spin_until(lambda: self.counts(name).received == before + 1)
        return image

    def settle(self):
        self.graph.spin_until(lambda: not any(self.counts(name).pending for name in self.names))

    def counts(self, name):
        return self.node.cameras[name].counters.counts()

    def set(self, **values):
        named = {name.replace('__', '.'): value for name, value in values.items()}
        return self.node.set_parameters_atomically(
            [Parameter(name, value=value) for name, value in named.items()]
        )

    def metres(self, name):
        """Wait for the camera's next depth after those seen; return its values."""
        seen = len(self.depths[name])
        number = self.counts(name).received + 1
        self.send(name, number)
        self.graph.spin_until(lambda: len(self.depths[name]) > seen)
        kind = np.float32 if self.depths[name][-1].encoding == '32FC1' else np.uint16
        return np.frombuffer(self.depths[name][-1].data, kind)


@pytest.fixture
def rig(graph, coded_network):
    return lambda *arguments, **parameters: Rig(graph, *arguments, **parameters)


@pytest.mark.parametrize('cameras', [CAMERAS, ('front', 'left', 'right', 'rear_2')])
def test_every_camera_has_topics_of_its_own_and_none_without_name(rig, cameras):
    node = rig(cameras).node
    names = {publisher.topic_name for publisher in node.publishers if 'depth' in publisher.topic}
    assert names == {
        f'/{camera}/depth/{topic}'
        for camera in cameras
        for topic in ('image_rect', 'camera_info', 'color')
    }
    for name, camera in node.cameras.items():
        assert [s.topic_name for s in camera.subscriptions] == [
            f'/{name}/camera_info',
            f'/{name}/image',
        ]


def test_topics_of_cameras_can_be_remapped_namespaced_and_given_a_qos(graph, coded_network):
    override = 'qos_overrides./robot/left/image.subscription.reliability'
    node = DepthNode(
        namespace='/robot',
        cli_args=['--ros-args', '-r', 'front/image:=/driver/a', '-p', f'{override}:=reliable'],
        parameter_overrides=[Parameter('cameras', value=['front', 'left'])],
    )
    graph.nodes.append(node)
    node.trigger_configure()
    node.trigger_activate()
    topics = [s.topic_name for camera in node.cameras.values() for s in camera.subscriptions]
    assert topics == [
        '/robot/front/camera_info',
        '/driver/a',
        '/robot/left/camera_info',
        '/robot/left/image',
    ]
    (left,) = (s for s in node.cameras['left'].subscriptions if s.topic_name.endswith('image'))
    assert left.qos_profile.reliability.name == 'RELIABLE'


@pytest.mark.parametrize(('device', 'at_once'), [('cuda:0', 4), ('cpu', 1), ('openvino', 1)])
def test_frames_that_wait_together_share_a_pass_on_a_gpu_and_take_turns_on_a_processor(
    rig, coded_network, device, at_once
):
    coded_network.device = device
    cameras = ('front', 'left', 'right', 'rear')
    four = rig(cameras)
    worker = four.node._require_engine().worker
    worker.stop()  # so that all four are there when it begins again
    sent = [four.send(name, 7) for name in cameras]
    worker.start()
    four.settle()
    codes = [camera * 65536 + 7 for camera in range(1, 5)]
    wanted = [codes[first : first + at_once] for first in range(0, 4, at_once)]
    assert [numbers for numbers, _ in coded_network.passes] == wanted
    four.graph.spin_until(lambda: all(four.depths[name] for name in cameras))
    assert [four.depths[name][0].header for name in cameras] == [image.header for image in sent]


def test_each_camera_has_the_camera_info_of_its_own(rig, graph):
    two = rig()
    infos = {name: graph.listen(f'{name}/depth/camera_info', CameraInfo) for name in CAMERAS}
    for focal, name in enumerate(CAMERAS, start=60):
        publisher = graph.peer.create_publisher(CameraInfo, f'{name}/camera_info', 1)
        graph.spin_until(publisher.get_subscription_count)
        header = graph.coded_image(1, 1, name).header
        publisher.publish(camera_info_from(Intrinsics(16, 8, focal, focal, 8, 4), header))
        tracker = two.node.cameras[name].infos
        graph.spin_until(lambda tracker=tracker: tracker._newest is not None)
    two.set(camera_info_max_age=0.0)
    for name in CAMERAS:
        graph.spin_until(
            lambda name=name: two.node.cameras[name].outputs.listened('depth/camera_info')
        )
        two.metres(name)
        graph.spin_until(lambda name=name: infos[name])
    assert [(infos[n][0].header.frame_id, infos[n][0].k[0]) for n in CAMERAS] == [
        ('front', 60.0),
        ('left', 61.0),
    ]


def test_settings_hold_for_their_camera_and_change_live(rig):
    two = rig(max_range=1e3, **{'front.max_range': 5.0, 'left.encoding': '16UC1'})
    assert np.isinf(two.metres('front')).all()
    assert two.metres('left').dtype == np.uint16
    far = 1000.0  # every coded number is farther: the range makes them infinite or not
    assert two.set(front__max_range=0.0, left__encoding='32FC1', left__max_range=far).successful
    assert (two.metres('front') > 65536).all() and np.isfinite(two.metres('front')).all()
    assert np.isinf(two.metres('left')).all()
    assert two.set(max_range=0.0).successful
    assert np.isinf(two.metres('left')).all()


def test_cameras_of_one_size_of_input_share_passes_and_others_do_not(rig, coded_network):
    two = rig(**{'left.input_size': 56})
    two.metres('front')
    two.metres('left')
    assert [size for _, size in coded_network.passes] == [42, 56]
    assert two.set(input_size=70).successful
    two.metres('front')
    two.metres('left')
    assert [size for _, size in coded_network.passes[2:]] == [70, 56]


def test_one_camera_may_be_compressed(rig, graph):
    two = rig(**{'left.compressed': True})
    publisher = graph.peer.create_publisher(CompressedImage, 'left/image/compressed', 1)
    graph.spin_until(publisher.get_subscription_count)
    header = graph.coded_image(2, 9, 'left').header
    _, png = cv2.imencode('.png', np.full((8, 16, 3), (9, 0, 2), np.uint8))
    message = CompressedImage(header=header, format='png', data=array.array('B', png.tobytes()))
    publisher.publish(message)
    graph.spin_until(lambda: two.depths['left'])
    assert two.depths['left'][0].header == header
    assert (np.frombuffer(two.depths['left'][0].data, np.float32) == 2 * 65536 + 9).all()
    assert (two.metres('front') == 65536 + 1).all()


def test_a_refused_set_changes_no_camera(rig):
    two = rig()
    before = two.node._settings
    for values, named in (
        ({'left__rate_limit': 5.0, 'front__rate_limit': -1.0}, 'front.rate_limit'),
        ({'max_range': 2.0, 'front__min_range': 3.0}, 'camera front: parameter max_range'),
        ({'left__input_size': 7}, 'camera left: parameter input_size'),
        ({'left__color_map': 'plaid'}, 'left.color_map'),
        ({'front__compressed': True}, 'front.compressed'),
        ({'front__max_age': None}, 'front.max_age'),
        ({'cameras': ['front']}, 'cameras'),
    ):
        result = two.set(**values)
        assert not result.successful and named in result.reason
    assert two.node._settings == before
    assert two.node.get_parameter('left.rate_limit').value is None


def test_a_cameras_parameter_can_be_set_from_outside(rig, graph):
    two = rig()
    client = graph.peer.create_client(SetParameters, '/depth_node/set_parameters')
    graph.spin_until(client.service_is_ready)
    wanted = Parameter('left.rate_limit', value=3).to_parameter_msg()
    future = client.call_async(SetParameters.Request(parameters=[wanted]))
    graph.spin_until(future.done)
    assert future.result().results[0].successful
    rates = [two.node.cameras[name].settings().rate_limit for name in CAMERAS]
    assert rates == [0.0, 3.0]


@pytest.mark.parametrize('name', ['front left', '2nd', ''])
def test_a_bad_name_of_a_camera_ends_the_start_with_its_name(ros_domain, name):
    with pytest.raises(ParameterError, match=f'parameter cameras: {name!r}'):
        DepthNode(parameter_overrides=[Parameter('cameras', value=['left', name])])


def test_a_bad_frame_of_one_camera_is_rejected_and_the_other_published(rig, graph):
    two = rig()
    worker = two.node._require_engine().worker
    worker.stop()
    two.send('left', 1)
    bad = graph.coded_image(1, 1, 'front')
    bad.encoding = 'holographic9'
    two.images['front'].publish(bad.serialize())
    graph.spin_until(lambda: two.counts('front').received == 1)
    worker.start()
    two.settle()
    assert (two.counts('front').rejected, two.counts('left').published) == (1, 1)
    assert two.node.cameras['front'].reporter.current() == ['image']
    assert 'image' not in two.node.cameras['left'].reporter.current()


def test_a_camera_with_a_rate_limit_does_not_hold_up_the_other(rig):
    two = rig(**{'front.rate_limit': 0.001})
    two.metres('front')
    for _ in range(3):
        two.send('front', 2)  # its turn comes in a quarter of an hour
        two.metres('left')
    assert two.node.trigger_deactivate().name == 'SUCCESS'
    assert two.counts('left').published == 3
    assert (two.counts('front').published, two.counts('front').dropped) == (1, 3)


def test_diagnostics_have_a_status_for_each_camera(rig, graph):
    two = rig(**{'left.input_size': 56})
    reports = graph.listen('/diagnostics', DiagnosticArray)
    two.metres('front')
    two.metres('front')
    two.settle()
    reports.clear()
    graph.spin_until(lambda: reports)
    front, left, engine = reports[0].status
    assert (front.name, left.name) == ('depth_node: front frames', 'depth_node: left frames')
    assert (front.hardware_id, left.hardware_id) == ('depth_node/front', 'depth_node/left')
    assert left.message == 'waits for the first image on /left/image'
    assert engine.name == 'depth_node: engine'
    values = [{pair.key: pair.value for pair in status.values} for status in (front, left)]
    assert [v['published'] for v in values] == ['2', '0']
    assert [v['input_size'] for v in values] == ['42', '56']
    assert [v['model'] for v in values] == ['coded', 'coded']


def test_reports_say_which_camera_they_are_about(rig, capfd):
    rig().metres('left')
    assert 'camera left: no camera_info has come' in capfd.readouterr().err


def test_a_second_configure_after_a_failure_finds_the_topics_free(
    graph, coded_network, monkeypatch
):
    node = graph.depth_node(cameras=['front', 'left'])
    works = node.cameras['left'].advertise

    def breaks(kind):
        raise RuntimeError('no topic')

    monkeypatch.setattr(node.cameras['left'], 'advertise', breaks)
    assert node.trigger_configure().name == 'FAILURE'
    monkeypatch.setattr(node.cameras['left'], 'advertise', works)
    assert node.trigger_configure().name == 'SUCCESS'
    topics = [publisher.topic_name for publisher in node.publishers]
    assert topics.count('/front/depth/image_rect') == 1
