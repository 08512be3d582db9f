# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag in, a bag with depth out: reading, the network and writing at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.faults import DeviceLostError
from depth_anything_ros.media.bag_conversion import Conversion
from depth_anything_ros.media.bag_input import BagInput
from depth_anything_ros.media.bag_output import BagOutput
from depth_anything_ros.media.byte_pipe import BytePipe, StoppedError
from depth_anything_ros.ros.bag_camera import BagCamera
from depth_anything_ros.ros.bag_items import BagItems, Cut, Item
from depth_anything_ros.ros.bag_messages import TF_TYPES, MessageError, to_cdr
from depth_anything_ros.ros.bag_topics import BagTransforms
from depth_anything_ros.ros.bag_writing import BagWriting
from depth_anything_ros.ros.frame_processor import Frame

MOST_ITEMS = 512
"""Messages between two stages; most are small."""
MOST_BYTES = 64 * 2**20
"""Of messages and pictures between two stages."""
STATIC = 'tf_static'
"""What topics of transforms that hold for ever end with."""


@dataclass
class BagOutcome:
    """What came of a run: messages by topic, what was wrong with the bag, and damaged messages.

    Those of ``damaged`` are copied, but could not be used; those of ``lost`` could not be converted
    to the other generation of ROS, for ``reasons``.
    """

    copied: dict[str, int] = field(default_factory=dict)
    added: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    trouble: str = ''
    damaged: int = 0


class BagRun:
    """Adds the depth of cameras to a copy of a bag, or writes it alone.

    ``cameras`` are by the topics of their images. ``told`` is called with each picture that is
    done, with a reason where it came to nothing. ``batch`` pictures of one size go through the
    network at once.
    """

    def __init__(
        self,
        estimator: DepthEstimator,
        cameras: Mapping[str, BagCamera],
        tree: BagTransforms,
        told: Callable[[object, str | None], None],
        *,
        only: bool = False,
        cut: Cut | None = None,
        batch: int = 1,
    ) -> None:
        self._estimator, self._cameras, self._tree = estimator, cameras, tree
        self._told, self._only, self._cut, self._batch = told, only, cut or Cut(), batch
        self.outcome = BagOutcome()

    def __call__(self, source: BagInput, target: BagOutput) -> None:
        """Do it all, writing in the calling thread. Raises what readers and writers raise."""
        conversion = None
        if source.ros1 != (target.form == 'ros1') and not self._only:
            conversion = Conversion(source.connections, source.ros1)
        writing = BagWriting(target, self._cameras, self._estimator.kind, conversion)
        self.outcome.copied, self.outcome.added = writing.copied, writing.added
        self.outcome.lost, self.outcome.reasons = writing.lost, writing.reasons
        heard = set().union(*(camera.topics.wanted for camera in self._cameras.values()))
        if any(_asks_tf(camera) for camera in self._cameras.values()):
            heard |= {each.topic for each in source.connections if each.msgtype in TF_TYPES}
            self._remember(source)
        items = BagItems(source, self._cameras, heard, self._cut, self._only)
        read: BytePipe[Item] = BytePipe(MOST_ITEMS, MOST_BYTES)
        estimated: BytePipe[Item] = BytePipe(MOST_ITEMS, MOST_BYTES)
        threads = [
            threading.Thread(target=_carry, args=(items, read), name='bag_reader', daemon=True),
            threading.Thread(
                target=self._estimate, args=(read, estimated), name='bag_network', daemon=True
            ),
        ]
        for thread in threads:
            thread.start()
        try:
            for item in estimated:
                self._finish(item, source.ros1, writing)
        finally:
            for pipe in (read, estimated):
                pipe.stop()
            for thread in threads:
                thread.join()
            self.outcome.trouble = source.trouble
            damaged = [camera.topics.damaged for camera in self._cameras.values()]
            self.outcome.damaged += sum(damaged) + self._tree.damaged

    def _remember(self, source: BagInput) -> None:
        """Take in what /tf_static said before the cut: it holds from then on."""
        static = [each for each in source.connections if each.topic.endswith(STATIC)]
        if self._cut.start is not None and static:
            for connection, _, data in source.messages(static, stop=self._cut.start):
                self._hear_tf(connection.msgtype, data, source.ros1, static=True)

    def _estimate(self, read: BytePipe[Item], estimated: BytePipe[Item]) -> None:
        """Give frames their depth, in a thread of its own; all else passes through, in order."""
        waiting: list[Item] = []
        frames = 0
        try:
            for item in read:
                waiting.append(item)
                frames += item.frame is not None
                if frames >= self._batch or not frames or read.empty:
                    self._pass_on(waiting, estimated)
                    waiting, frames = [], 0
            self._pass_on(waiting, estimated)
        except StoppedError:
            return
        except BaseException as error:  # the writing thread raises it
            estimated.end(error)
            read.stop()
        else:
            estimated.end()

    def _pass_on(self, items: list[Item], estimated: BytePipe[Item]) -> None:
        passes: dict[tuple[tuple[int, int], int, bool], list[tuple[Item, Frame]]] = {}
        for item in items:
            if item.frame is not None:
                at_network_size = item.frame.settings.output_size == 'network'
                key = item.frame.network_size, item.frame.input_size, at_network_size
                passes.setdefault(key, []).append((item, item.frame))
        for (_, input_size, at_network_size), members in passes.items():
            pictures = [frame.rgb for _, frame in members]
            try:
                depths = self._estimator.estimate_batch(pictures, at_network_size, input_size)
            except DeviceLostError:
                raise
            except Exception as error:  # as in the node: a fault costs the frames of its pass
                for item, _ in members:
                    assert item.camera is not None
                    item.camera.fail(error)
                    item.frame, item.reason = None, 'failed'
                continue
            for (item, _), depth in zip(members, depths, strict=True):
                item.depth = depth
        for item in items:
            estimated.put(item, item.size)

    def _finish(self, item: Item, ros1: bool, writing: BagWriting) -> None:
        """Write a message, and what a picture gave."""
        if item.copied:
            writing.copy(item)
        if item.heard:
            self._hear(item, ros1)
        if item.camera is None:
            return
        reason = item.reason
        if item.frame is not None and item.depth is not None:
            messages = item.camera.publish(item.frame, item.depth)
            writing.add(item, messages)
            writing.tell(item, self._tree)
            reason = None if messages else 'failed'
        self._told(item, reason)

    def _hear(self, item: Item, ros1: bool) -> None:
        topic, msgtype = item.connection.topic, item.connection.msgtype
        if msgtype in TF_TYPES:
            self._hear_tf(msgtype, item.data, ros1, topic.endswith(STATIC))
        cameras = [each for each in self._cameras.values() if topic in each.topics.wanted]
        if not cameras:
            return
        try:
            cdr = to_cdr(item.data, msgtype, ros1)
        except MessageError:
            self.outcome.damaged += 1
            return
        for camera in cameras:
            camera.topics.take(topic, msgtype, cdr)

    def _hear_tf(self, msgtype: str, data: bytes, ros1: bool, static: bool) -> None:
        try:
            self._tree.take(msgtype, to_cdr(data, msgtype, ros1), static)
        except MessageError:
            self._tree.damaged += 1


def _carry(items: BagItems, read: BytePipe[Item]) -> None:
    """Put what is read into a pipe, in a thread of its own."""
    try:
        for item in items:
            read.put(item, item.size)
    except StoppedError:
        return
    except BaseException as error:  # the writing thread raises it
        read.end(error)
    else:
        read.end()


def _asks_tf(camera: BagCamera) -> bool:
    """Whether a camera needs to know where frames are."""
    settings = camera.plan.settings
    refers = settings.scale.source in ('depth', 'points', 'scan')
    return settings.pose.source == 'tf' or (refers and not settings.scale.extrinsics.strip())
