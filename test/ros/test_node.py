# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The depth node on a real ROS graph, with a tiny random network."""

from __future__ import annotations

import array
import threading
import time

import numpy as np
import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from depth_anything_ros.ros import node as node_module
from depth_anything_ros.ros.depth_message import encode_color
from depth_anything_ros.ros.node import DepthNode
from depth_anything_ros.ros.parameter_table import ParameterError


def key(message):
    return message.header.stamp.sec, message.header.stamp.nanosec, message.header.frame_id


def counts(node):
    return node.cameras[''].counters.counts()


def test_relative_depth_goes_out_under_the_stamp_of_its_image(graph):
    node = graph.active_node()
    depths = graph.listen('depth/disparity_relative')
    infos = graph.listen('depth/camera_info', CameraInfo)
    graph.connect(node, 2)
    sent = []
    for _ in range(3):
        header = graph.header()
        graph.send_info(header)
        graph.spin_until(lambda: node.cameras[''].infos._newest is not None)
        sent.append(graph.send_image(header=header))
        graph.settle(node, len(sent))
    graph.spin_until(lambda: len(depths) == 3 and len(infos) == 3)
    assert [key(m) for m in depths] == [key(m) for m in sent] == [key(m) for m in infos]
    assert (depths[0].encoding, depths[0].width, depths[0].height) == ('32FC1', 64, 48)
    values = np.frombuffer(depths[0].data, np.float32)
    assert np.isfinite(values).all() and (values >= 0).all()
    assert infos[0].k[0] == 60.0


def test_relative_networks_have_no_metric_topic_and_metric_ones_no_relative(graph):
    relative = topics_of(graph.active_node())
    assert '/depth/disparity_relative' in relative and '/depth/image_rect' not in relative
    metric = topics_of(graph.active_node(model='metric-indoor-small'))
    assert '/depth/image_rect' in metric and '/depth/disparity_relative' not in metric


def topics_of(node):
    return {publisher.topic_name for publisher in node.publishers}


def test_metric_depth_is_metres_within_the_range(graph):
    node = graph.active_node(model='metric-indoor-small', min_range=1.0, max_range=15.0)
    depths = graph.listen('depth/image_rect')
    graph.connect(node)
    graph.send_image()
    graph.spin_until(lambda: depths)
    values = np.frombuffer(depths[0].data, np.float32)
    finite = values[np.isfinite(values)]
    assert not np.isnan(values).any()
    assert finite.size and ((finite >= 1.0) & (finite <= 15.0)).all()


def test_network_size_scales_depth_and_camera_info_alike(graph):
    node = graph.active_node(output_size='network')
    depths = graph.listen('depth/disparity_relative')
    infos = graph.listen('depth/camera_info', CameraInfo)
    graph.connect(node, 2)
    header = graph.header()
    graph.send_info(header)
    graph.spin_until(lambda: node.cameras[''].infos._newest is not None)
    graph.send_image(header=header)
    graph.spin_until(lambda: depths and infos)
    assert (depths[0].width, depths[0].height) == (56, 42) == (infos[0].width, infos[0].height)
    assert infos[0].k[0] == pytest.approx(60 * 56 / 64)
    assert infos[0].k[4] == pytest.approx(60 * 42 / 48)


def bad_images(graph):
    """Return (name, message) pairs that no picture can be made of."""

    def image(width, height, encoding, step, data):
        message = Image(width=width, height=height, encoding=encoding, step=step)
        message.header = graph.header()
        message.data = array.array('B', data)
        return message

    return [
        ('an unknown encoding', image(4, 2, 'holographic9', 12, bytes(24))),
        ('too little data', image(64, 48, 'rgb8', 192, bytes(100))),
        ('no size', image(0, 0, 'rgb8', 0, b'')),
        ('a huge header', image(20000, 20000, 'rgb8', 60000, b'')),
        ('a step below the row', image(64, 48, 'rgb8', 10, bytes(9216))),
    ]


def test_bad_images_are_rejected_and_the_next_good_one_is_published(graph):
    node = graph.active_node()
    depths = graph.listen('depth/disparity_relative')
    graph.connect(node)
    bad = bad_images(graph)
    for number, (_, message) in enumerate(bad, start=1):
        graph.send_image(message)
        graph.settle(node, number)
    assert counts(node).rejected == len(bad)
    graph.send_image()
    graph.spin_until(lambda: depths)
    assert counts(node).as_dict() == {
        'received': len(bad) + 1,
        'published': 1,
        'dropped': 0,
        'skipped': 0,
        'rejected': len(bad),
        'failed': 0,
    }


@pytest.mark.parametrize(
    'changes',
    [
        {'k': [0.0] * 9},
        {'width': 0, 'height': 0},
        {'width': 100, 'height': 20},
        {'k': [float('nan')] * 9},
    ],
)
def test_depth_goes_on_without_a_camera_info_that_is_invalid(graph, changes):
    node = graph.active_node()
    depths = graph.listen('depth/disparity_relative')
    infos = graph.listen('depth/camera_info', CameraInfo)
    graph.connect(node, 2)
    header = graph.header()
    graph.send_info(header, **changes)
    graph.spin_until(lambda: node.cameras[''].infos._newest is not None)
    graph.send_image(header=header)
    graph.spin_until(lambda: depths)
    assert not infos
    assert 'camera_info' in node.cameras[''].reporter.current()


def test_stale_camera_info_is_not_used(graph):
    node = graph.active_node(camera_info_max_age=1.0)
    depths = graph.listen('depth/disparity_relative')
    infos = graph.listen('depth/camera_info', CameraInfo)
    graph.connect(node, 2)
    graph.send_info(graph.header(stamp=1000))
    graph.spin_until(lambda: node.cameras[''].infos._newest is not None)
    graph.send_image(header=graph.header(stamp=1002))
    graph.spin_until(lambda: depths)
    assert not infos
    node.set_parameters([Parameter('camera_info_max_age', value=0.0)])
    graph.send_image(header=graph.header(stamp=1002))
    graph.spin_until(lambda: infos)


def test_old_frames_are_rejected_when_an_age_is_set(graph):
    node = graph.active_node(max_age=2.0)
    depths = graph.listen('depth/disparity_relative')
    graph.connect(node)
    graph.send_image(header=graph.header(stamp=1000))
    graph.settle(node, 1)
    graph.send_image()
    graph.spin_until(lambda: depths)
    assert (counts(node).rejected, counts(node).published) == (1, 1)


def test_the_newest_frame_wins_and_every_frame_is_counted(graph):
    node = graph.active_node(rate_limit=4.0)
    depths = graph.listen('depth/disparity_relative')
    graph.connect(node)
    graph.send_image()
    graph.settle(node, 1)
    sent = []
    for number in range(2, 7):
        sent.append(graph.send_image())
        graph.spin_until(lambda number=number: counts(node).received >= number)
    graph.settle(node, 6)
    result = counts(node)
    assert result.published + result.dropped == 6 and result.dropped >= 1
    graph.spin_until(lambda: len(depths) == result.published)
    assert key(depths[-1]) == key(sent[-1])


def test_nothing_is_inferred_while_nobody_listens(graph):
    node = graph.active_node()
    graph.spin_until(lambda: graph._image.get_subscription_count())
    graph.send_image()
    graph.settle(node, 1)
    assert counts(node).skipped == 1
    node.set_parameters([Parameter('skip_unheard', value=False)])
    graph.send_image()
    graph.settle(node, 2)
    assert counts(node).published == 1


def test_the_first_frame_after_somebody_listens_is_published(graph):
    node = graph.active_node()
    graph.spin_until(lambda: graph._image.get_subscription_count())
    for number in (1, 2):
        graph.send_image()
        graph.settle(node, number)
    assert counts(node).skipped == 2
    depths = graph.listen('depth/disparity_relative')
    graph.connect(node)
    sent = graph.send_image()
    graph.settle(node, 3)
    graph.spin_until(lambda: depths)
    assert [key(message) for message in depths] == [key(sent)]
    assert (counts(node).skipped, counts(node).published) == (2, 1)


def test_colours_go_out_while_somebody_looks(graph):
    node = graph.active_node()
    colors = graph.listen('depth/color')
    graph.connect(node)
    sent = graph.send_image()
    graph.spin_until(lambda: colors)
    assert (colors[0].encoding, key(colors[0])) == ('rgb8', key(sent))


def test_a_refused_parameter_changes_nothing(graph):
    node = graph.depth_node()
    before = node.settings
    result = node.set_parameters_atomically(
        [
            Parameter('rate_limit', value=5.0),
            Parameter('output_size', value='vast'),
        ]
    )
    assert not result.successful and 'output_size' in result.reason
    assert node.settings == before
    assert node.get_parameter('rate_limit').value == 0.0
    assert not node.set_parameters([Parameter('max_range', value=-1.0)])[0].successful
    assert not node.set_parameters([Parameter('input_size', value=7)])[0].successful
    assert not node.set_parameters([Parameter('cameras', value=['a'])])[0].successful


def test_parameters_can_be_set_from_outside_while_it_runs(graph):
    node = graph.active_node()
    client = graph.peer.create_client(SetParameters, '/depth_node/set_parameters')
    graph.spin_until(client.service_is_ready)
    request = SetParameters.Request(
        parameters=[Parameter('rate_limit', value=3.0).to_parameter_msg()]
    )
    future = client.call_async(request)
    graph.spin_until(future.done)
    assert future.result().results[0].successful
    assert node.settings.rate_limit == 3.0


def test_unknown_models_and_devices_fail_to_configure_and_can_be_tried_again(graph):
    for wrong in ({'model': 'smal', 'weights': ''}, {'device': 'cuda:7'}):
        node = graph.depth_node(**wrong)
        assert node.trigger_configure().name == 'FAILURE'
        assert node.trigger_configure().name == 'FAILURE'
        graph.executor.remove_node(node)


def test_bad_parameters_are_refused_at_start(ros_domain):
    with pytest.raises(ParameterError, match='rate_limit'):
        DepthNode(parameter_overrides=[Parameter('rate_limit', value=-1.0)])


def test_lifecycle_can_go_round_and_depth_resumes(graph):
    node = graph.active_node()
    depths = graph.listen('depth/disparity_relative')
    for cycle in range(2):
        graph.connect(node)
        graph.send_image()
        graph.spin_until(lambda cycle=cycle: len(depths) == cycle + 1)
        assert node.trigger_deactivate().name == 'SUCCESS'
        assert node._require_engine().estimator is not None
        assert node.trigger_cleanup().name == 'SUCCESS'
        assert node._engine is None
        assert node.trigger_configure().name == 'SUCCESS'
        assert node.trigger_activate().name == 'SUCCESS'


def test_transitions_that_the_state_does_not_have_are_refused_and_the_node_lives_on(graph):
    node = graph.active_node()
    client = graph.peer.create_client(ChangeState, '/depth_node/change_state')
    graph.spin_until(client.service_is_ready)
    for wrong in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE, 99):
        future = client.call_async(ChangeState.Request(transition=Transition(id=wrong)))
        graph.spin_until(future.done)
        assert not future.result().success
    right = Transition(id=Transition.TRANSITION_DEACTIVATE)
    future = client.call_async(ChangeState.Request(transition=right))
    graph.spin_until(future.done)
    assert future.result().success and node._state() == 'inactive'


@pytest.fixture
def slow(graph, monkeypatch):
    """Give an active node whose frame in progress outlasts what a transition waits."""
    node = graph.active_node()
    graph.listen('depth/disparity_relative')
    graph.connect(node)
    entered, release = threading.Event(), threading.Event()
    works = node._require_engine().estimator.estimate_batch

    def estimate(*arguments):
        entered.set()
        release.wait(60)
        return works(*arguments)

    monkeypatch.setattr(node._require_engine().estimator, 'estimate_batch', estimate)
    monkeypatch.setattr(node_module, 'STOP_TIME', 0.01)
    graph.send_image()
    graph.spin_until(entered.is_set)
    yield node, release
    release.set()


def test_a_frame_that_outlasts_deactivate_fails_it_until_it_is_done(graph, slow, capfd):
    node, release = slow
    assert node.trigger_deactivate().name == 'FAILURE'
    assert node._state() == 'active'
    assert 'deactivate again when it is done' in capfd.readouterr().err
    release.set()
    graph.settle(node, 1)
    graph.spin_until(lambda: node.close(1.0))
    assert node.trigger_deactivate().name == 'SUCCESS'
    assert node.trigger_activate().name == 'SUCCESS'
    depths = graph.listen('depth/disparity_relative')
    graph.connect(node)
    graph.send_image()
    graph.spin_until(lambda: depths)


def test_a_frame_that_outlasts_shutdown_does_not_stop_it(slow):
    node, _ = slow
    assert node.trigger_shutdown().name == 'SUCCESS'
    assert node._state() == 'finalized'


def test_an_error_beside_a_slow_frame_leads_back_to_unconfigured(slow, monkeypatch):
    node, _ = slow

    def breaks(consequence):
        monkeypatch.undo()
        monkeypatch.setattr(node_module, 'STOP_TIME', 0.01)
        raise RuntimeError('the transition broke')

    monkeypatch.setattr(node, '_stop', breaks)
    assert node.trigger_deactivate().name == 'ERROR'
    assert node._state() == 'unconfigured'


def test_the_newest_camera_info_survives_deactivate_but_not_cleanup(graph):
    node = graph.active_node()
    graph.connect(node, 0)
    graph.send_info(graph.header())
    graph.spin_until(lambda: node.cameras[''].infos._newest is not None)
    node.trigger_deactivate()
    node.trigger_activate()
    assert node.cameras[''].infos._newest is not None
    node.trigger_deactivate()
    node.trigger_cleanup()
    assert node.cameras[''].infos._newest is None


def test_a_camera_info_that_was_latched_before_is_heard_when_asked_for(graph):
    profile = QoSProfile(
        depth=1,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
    )
    graph.peer.destroy_publisher(graph._info)
    graph._info = graph.peer.create_publisher(CameraInfo, 'camera_info', profile)
    graph.send_info(graph.header(stamp=1000))
    asks = 'qos_overrides./camera_info.subscription'
    node = graph.depth_node(
        **{f'{asks}.durability': 'transient_local', f'{asks}.reliability': 'reliable'}
    )
    node.trigger_configure()
    node.trigger_activate()
    graph.spin_until(lambda: node.cameras[''].infos._newest is not None)
    assert node.cameras[''].infos._newest.header.stamp.sec == 1000


def test_max_depth_is_that_of_the_network(graph):
    node = graph.depth_node(model='small', max_depth=35.0)
    assert node.trigger_configure().name == 'SUCCESS'
    assert node._require_engine().estimator.max_depth == 35.0


def test_a_fault_in_one_frame_is_counted_and_the_next_is_published(graph, monkeypatch):
    node = graph.active_node()
    depths = graph.listen('depth/disparity_relative')
    graph.connect(node)
    estimator = node._require_engine().estimator
    works = estimator.estimate_batch

    def breaks(*arguments):
        monkeypatch.setattr(estimator, 'estimate_batch', works)
        raise RuntimeError('the network broke')

    monkeypatch.setattr(estimator, 'estimate_batch', breaks)
    graph.send_image()
    graph.settle(node, 1)
    graph.send_image()
    graph.spin_until(lambda: depths)
    graph.settle(node, 2)
    assert (counts(node).failed, counts(node).published) == (1, 1)


def test_diagnostics_carry_the_counters(graph):
    node = graph.active_node()
    depths = graph.listen('depth/disparity_relative')
    reports = graph.listen('/diagnostics', DiagnosticArray)
    graph.connect(node)
    graph.send_image()
    graph.spin_until(lambda: depths)
    reports.clear()
    graph.spin_until(lambda: reports)
    status = reports[0].status[0]
    values = {pair.key: pair.value for pair in status.values}
    assert (values['received'], values['published'], values['model']) == ('1', '1', 'nano')
    assert float(values['latency_p99_ms']) >= float(values['latency_p50_ms']) > 0
    for stage in ('wait', 'decode', 'inference', 'publish', 'preprocess', 'network', 'postprocess'):
        assert float(values[f'{stage}_p99_ms']) >= float(values[f'{stage}_p50_ms']) > 0


def test_diagnostics_tell_the_state_and_a_silent_camera(graph):
    node = graph.depth_node(use_sim_time=True)  # no clock comes: a paused bag
    reports = graph.listen('/diagnostics', DiagnosticArray)

    def newest():
        reports.clear()
        graph.spin_until(lambda: reports)
        return reports[-1].status[0]

    assert newest().message == 'unconfigured'
    node.trigger_configure()
    node.trigger_activate()
    assert newest().message == 'waits for the first image on /image'
    node.cameras[''].heard_at = time.monotonic() - 100
    assert newest().message.startswith('no image for 10')


def test_qos_overrides_reach_the_publishers(graph):
    node = graph.depth_node(
        **{'qos_overrides./depth/disparity_relative.publisher.reliability': 'best_effort'}
    )
    assert node.trigger_configure().name == 'SUCCESS'
    publisher = node.cameras[''].outputs._publishers['depth/disparity_relative']
    assert publisher.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT


def test_an_incompatible_subscriber_is_named_until_it_goes(graph):
    node = graph.active_node(
        **{'qos_overrides./depth/disparity_relative.publisher.reliability': 'best_effort'}
    )
    profile = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
    subscription = graph.peer.create_subscription(
        Image, 'depth/disparity_relative', lambda message: None, profile
    )
    wanted = 'the QoS of /depth/disparity_relative'
    graph.spin_until(lambda: wanted in node.cameras[''].reporter.current())
    node.publish_diagnostics()
    assert wanted in node.cameras[''].reporter.current()
    graph.peer.destroy_subscription(subscription)
    graph.spin_until(lambda: wanted not in node.cameras[''].reporter.current())


def test_a_trouble_with_the_qos_of_a_publisher_ends_when_that_goes(graph):
    node = graph.active_node(**{'qos_overrides./image.subscription.reliability': 'reliable'})
    profile = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = graph.peer.create_publisher(Image, 'image', profile)
    graph.spin_until(lambda: 'the QoS of /image' in node.cameras[''].reporter.current())
    node.publish_diagnostics()
    assert 'the QoS of /image' in node.cameras[''].reporter.current()
    graph.peer.destroy_publisher(publisher)
    graph.spin_until(lambda: 'the QoS of /image' not in node.cameras[''].reporter.current())


def test_remapped_and_namespaced_topics(graph):
    node = DepthNode(
        namespace='/robot',
        cli_args=['--ros-args', '-r', 'image:=/front/image_raw'],
        parameter_overrides=[
            Parameter(k, value=v)
            for k, v in (('weights', 'random'), ('device', 'cpu'), ('input_size', 42))
        ],
    )
    graph.nodes.append(node)
    node.trigger_configure()
    node.trigger_activate()
    assert [s.topic_name for s in node.cameras[''].subscriptions] == [
        '/robot/camera_info',
        '/front/image_raw',
    ]
    assert '/robot/depth/disparity_relative' in topics_of(node)


def test_mono_and_bgr_images_are_taken(graph):
    node = graph.active_node()
    depths = graph.listen('depth/disparity_relative')
    graph.connect(node)
    for number, (encoding, channels) in enumerate((('bgr8', 3), ('mono8', 1)), start=1):
        message = encode_color(np.zeros((48, 64, 3), np.uint8), graph.header())
        message.encoding, message.step = encoding, 64 * channels
        message.data = array.array('B', bytes(48 * 64 * channels))
        graph.send_image(message)
        graph.settle(node, number)
    assert counts(node).published == 2
    graph.spin_until(lambda: len(depths) == 2)
