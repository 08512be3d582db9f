# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One bag through the node and through `depth-anything bag`: the same messages come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy')
import bag_making as making  # noqa: E402
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from rclpy.qos import QoSProfile, ReliabilityPolicy  # noqa: E402
from rclpy.serialization import deserialize_message  # noqa: E402
from sensor_msgs.msg import (  # noqa: E402
    CameraInfo,
    CompressedImage,
    Image,
    LaserScan,
    PointCloud2,
)

from depth_anything_ros import DepthEstimator  # noqa: E402
from depth_anything_ros.depth import DepthKind  # noqa: E402
from depth_anything_ros.geometry.transform import camera_on_ground  # noqa: E402
from depth_anything_ros.media.bag_input import BagInput  # noqa: E402
from depth_anything_ros.media.bag_output import BagOutput  # noqa: E402
from depth_anything_ros.ros.bag_camera import BagCamera, CameraPlan  # noqa: E402
from depth_anything_ros.ros.bag_plan import settings_of  # noqa: E402
from depth_anything_ros.ros.bag_run import BagRun  # noqa: E402
from depth_anything_ros.ros.bag_topics import BagTransforms  # noqa: E402
from depth_anything_ros.ros.bench_node import StandInEstimator  # noqa: E402
from depth_anything_ros.ros.node import DepthNode  # noqa: E402
from depth_anything_ros.ros.stamps import nanoseconds  # noqa: E402

TYPES = {
    'depth/image_rect': Image,
    'depth/disparity_relative': Image,
    'depth/camera_info': CameraInfo,
    'depth/color': Image,
    'points': PointCloud2,
    'points_clearing': PointCloud2,
    'obstacles': PointCloud2,
    'scan': LaserScan,
    'depth/scale': DiagnosticArray,
}
WIDTH, HEIGHT, FRAMES, FOCAL = 96, 72, 6, 80.0
POSE: dict[str, Any] = {'pose.source': 'fixed', 'pose.height': 0.8, 'pose.pitch': 0.3}
LENS = {'rectified': False, 'min_range': 2.0, 'max_range': 9.0}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    'relative': ('nano', {'output_size': 'network'}),
    'compressed': ('nano', {'compressed': True, 'input_size': 84}),
    'filters': ('nano', {'filter.temporal': 0.7, 'filter.refine': True, 'scale.source': 'fixed',
                         'scale.a': 0.2, 'scale.b': 0.02, 'points.height': True, **POSE}),
    'points': ('scene', {'scale.source': 'points', 'scale.extrinsics': '0 0.1 0 0 0 0', **POSE}),
    'depth': ('scene', {'scale.source': 'depth', 'encoding': '16UC1', **POSE}),
    'scan': ('scene', {'scale.source': 'scan', 'scale.extrinsics': '0 0 0 0 0 0', **POSE}),
    'ground': ('scene', {'scale.source': 'ground', 'obstacles.ground': 'fit', **POSE}),
    'metric, raw lens': ('metric', {**LENS, **POSE}),
}  # fmt: skip


def scene() -> np.ndarray:
    """Return the depth (H, W) of level ground and a slanted wall, as the camera of POSE sees it."""
    pose = camera_on_ground(POSE['pose.height'], pitch=POSE['pose.pitch'])
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    rays = np.stack(
        ((columns - WIDTH / 2) / FOCAL, (rows - HEIGHT / 2) / FOCAL, np.ones(rows.shape)), -1
    )
    level = rays @ pose.rotation.T
    with np.errstate(divide='ignore'):
        ground = np.where(level[..., 2] < 0, -pose.translation[2] / level[..., 2], np.inf)
    return np.minimum(ground, 4.0 + columns / 48).astype(np.float32)


class SceneEngine:
    """Tells the scene's disparity, a little otherwise for each picture."""

    def run(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray]:
        disparity = (1 / scene() - 0.02) / 0.3
        tones = [rgb[:HEIGHT, :WIDTH, 0] / np.float32(255) for rgb in pictures]  # the warm-up's too
        return [disparity * (1 + np.float32(0.02) * tone) for tone in tones]


class SceneEstimator(StandInEstimator):
    def __init__(self) -> None:
        super().__init__(0.0)
        self._model = replace(
            self._model, engine=SceneEngine(), kind=DepthKind.RELATIVE, max_depth=None
        )
        self._engine = self._model.engine


@pytest.fixture(scope='module')
def networks() -> dict[str, DepthEstimator]:
    return {
        'nano': DepthEstimator('nano', device='cpu', precision='float32', input_size=70),
        'metric': StandInEstimator(0.0),
        'scene': SceneEstimator(),
    }


class GivenNode(DepthNode):
    """Runs a network that is there already."""

    def __init__(self, estimator: DepthEstimator, **arguments: Any) -> None:
        self._given = estimator
        super().__init__(**arguments)

    def load_estimator(self) -> DepthEstimator:
        return self._given


def messages(source: str, compressed: bool) -> list[tuple[str, int, Any]]:
    """Return a bag's messages: for each picture its camera_info, a reference, and itself."""
    made = []
    depth = scene()
    rows, columns = np.mgrid[:HEIGHT:3, :WIDTH:3]
    z = depth[rows, columns].ravel()
    x, y = (columns.ravel() - WIDTH / 2) / FOCAL * z, (rows.ravel() - HEIGHT / 2) / FOCAL * z
    angles = np.linspace(-0.6, 0.6, 80)
    seen = np.clip(np.rint(WIDTH / 2 - FOCAL * np.tan(angles)), 0, WIDTH - 1).astype(int)
    middle = depth[HEIGHT // 2, seen]
    for number in range(FRAMES):
        at = making.START + number * making.STEP
        info = making.camera_info(at, WIDTH, HEIGHT, FOCAL)
        info.d[:2] = (-0.2, 0.03)
        made.append(('/camera_info', at, info))
        if source == 'points':  # of a lidar 0.1 m to the left of the lens, x ahead
            body = np.stack((z, -x - 0.1, -y), -1)
            made.append(('/points', at + 1, making.cloud(at - 10**7, body)))
        elif source == 'depth':
            made.append(('/reference', at + 1, making.depth_image(at, depth)))
        elif source == 'scan':
            made.append(('/laser', at + 1, making.laser(at, middle / np.cos(angles))))
        picture = making.picture(number, WIDTH, HEIGHT)
        image = making.compressed(at, picture) if compressed else making.image(at, picture)
        made.append(('/image', at + 2, image))
    return made


TOPICS = {
    '/points': 'reference/points',
    '/reference': 'reference/depth',
    '/laser': 'reference/scan',
}


def from_node(graph, estimator, values, played) -> dict[str, list[bytes]]:
    named = {name.replace('.', '__'): value for name, value in values.items()}
    node = graph.active_node(partial(GivenNode, estimator), **{'input_size': 70, **named})
    got: dict[str, list[bytes]] = {}
    outputs = node.cameras[''].outputs
    profile = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)
    for name in outputs._publishers:
        got[name] = []
        graph.peer.create_subscription(TYPES[name], name, got[name].append, profile, raw=True)
    kinds = {'/points': PointCloud2, '/reference': Image, '/laser': LaserScan}
    publishers = {
        topic: graph.peer.create_publisher(kinds[topic], TOPICS[topic], 1)
        for topic in {topic for topic, _, _ in played} & set(kinds)
    }
    if values.get('compressed'):
        graph._image = graph.peer.create_publisher(CompressedImage, 'image/compressed', 1)
    graph.connect(node, len(got))
    graph.spin_until(lambda: all(p.get_subscription_count() for p in publishers.values()))
    camera, frames = node.cameras[''], 0
    for topic, _, message in played:
        cdr = bytes(making.TYPES.serialize_cdr(message, message.__msgtype__))
        stamp = nanoseconds(message.header.stamp)
        if topic == '/camera_info':
            graph._info.publish(cdr)
            graph.spin_until(lambda at=stamp: newest(camera.infos._newest) == at)
        elif topic == '/image':
            frames += 1
            graph._image.publish(cdr)
            graph.settle(node, frames)
            graph.spin_until(lambda n=frames: len(got['depth/camera_info']) == n)
        else:
            publishers[topic].publish(cdr)
            graph.spin_until(
                lambda at=stamp: [k.stamp for k in camera.space.scale._buffer._kept][-1:] == [at]
            )
    counts = camera.counters.counts()
    assert counts.published == frames
    graph.spin_until(lambda: len(got['depth/color']) == frames)
    return got


def newest(info) -> int | None:
    return None if info is None else nanoseconds(info.header.stamp)


def from_command(tmp_path: Path, estimator, values, played, form: str) -> dict[str, list[bytes]]:
    path = making.write_bag(tmp_path / 'in', played, form)
    target = tmp_path / ('out.bag' if form == 'ros1' else 'out')
    settings = settings_of({'input_size': 70, **values})
    sources = {'camera_info': '/camera_info', **{node: bag for bag, node in TOPICS.items()}}
    wish = CameraPlan('/image', '/made', settings, frozenset(TYPES), sources)
    tree = BagTransforms()
    camera = BagCamera(wish, estimator, tree)
    run = BagRun(estimator, {'/image': camera}, tree, lambda *_: None, only=True)
    with BagInput(path) as source, BagOutput(target, form) as made:
        run(source, made)
    assert camera.counters.counts().published == FRAMES
    got: dict[str, list[bytes]] = {}
    with BagInput(target) as made:
        for connection, at, data in made.messages():
            if connection.topic.startswith('/made/'):
                cdr = making.TYPES.ros1_to_cdr(data, connection.msgtype) if made.ros1 else data
                got.setdefault(connection.topic.removeprefix('/made/'), []).append(bytes(cdr))
                assert (at - making.START) % making.STEP == 2  # when the picture came
    return got


@pytest.mark.parametrize('case', CASES)
def test_node_and_command_give_the_same_messages(case, graph, networks, tmp_path):
    network, values = CASES[case]
    played = messages(values.get('scale.source', ''), 'compressed' in values)
    form = ('mcap', 'sqlite3', 'ros1')[list(CASES).index(case) % 3]

    live = from_node(graph, networks[network], values, played)
    made = from_command(tmp_path, networks[network], values, played, form)

    assert {name for name, got in live.items() if got} == set(made)
    for name, got in made.items():
        graph.spin_until(lambda name=name, got=got: len(live[name]) >= len(got))
        assert len(live[name]) == len(got)
        for theirs, ours in zip(live[name], got, strict=True):
            if name == 'depth/camera_info':  # filled in by the middleware, padding and all
                theirs, ours = (deserialize_message(each, CameraInfo) for each in (theirs, ours))
            assert theirs == ours, name
    if 'scale.source' in values:
        assert len(made['depth/image_rect']) >= 2  # the scale was found
    if 'pose.source' in values:
        assert len(made['scan']) == len(made['obstacles']) == len(made['depth/image_rect'])
