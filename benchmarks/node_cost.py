#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time what a frame costs the node beside the network, and the same by the usual way, in turns.

From the bytes of an rgb8 image to its pixels, and from depth to the bytes of a 32FC1 image, in one
process, without middleware. The usual way is rclpy's deserialize_message, cv_bridge, an Image and
serialize_message. Without cv_bridge, numpy does what it does: a view of the data, and tobytes.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.ros.depth_message import encode_color, encode_depth
from depth_anything_ros.ros.image_message import decode_image
from depth_anything_ros.ros.raw_image import RawImage

try:
    from cv_bridge import CvBridge
except ImportError:
    CvBridge = None

RESULTS = Path(__file__).resolve().parent / 'results/node_cost.json'
SIZES = ((640, 480), (1920, 1080))


def our_read(serialized: bytes) -> tuple[Header, np.ndarray]:
    """Read an image as the node does."""
    image = RawImage.parse(serialized)
    return image.header, decode_image(image)


def our_write(header: Header, depth: np.ndarray) -> bytes:
    """Write depth as the node does; it also looks for zeros, which the usual way does not."""
    return encode_depth(depth, header).serialize()


def usual_read(serialized: bytes) -> tuple[Header, np.ndarray]:
    """Read an image with rclpy and cv_bridge."""
    message = deserialize_message(serialized, Image)
    if CvBridge is not None:
        return message.header, CvBridge().imgmsg_to_cv2(message, 'rgb8')
    shape, strides = (message.height, message.width, 3), (message.step, 3, 1)
    return message.header, np.ndarray(shape, np.uint8, message.data, strides=strides)


def usual_write(header: Header, depth: np.ndarray) -> bytes:
    """Write depth with cv_bridge and rclpy."""
    if CvBridge is not None:
        message = CvBridge().cv2_to_imgmsg(depth, '32FC1', header)
    else:
        height, width = depth.shape
        message = Image(header=header, height=height, width=width, encoding='32FC1')
        message.step = width * depth.itemsize
        message.data.frombytes(depth.tobytes())
    return serialize_message(message)


def compare(width: int, height: int, rounds: int) -> dict[str, Any]:
    """Time both ways in turns on one picture; return their times in ms and the ratio."""
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 255, (height, width, 3), np.uint8)
    depth = rng.uniform(0.5, 20.0, (height, width)).astype(np.float32)
    serialized = encode_color(rgb, Header(frame_id='camera')).serialize()
    ways = {'ours': (our_read, our_write), 'usual': (usual_read, usual_write)}
    _check(serialized, rgb, depth)
    times: dict[str, list[list[int]]] = {name: [] for name in ways}
    for number in range(rounds + 3):
        order = list(ways) if number % 2 else list(ways)[::-1]
        for name in order:
            read, write = ways[name]
            start = time.perf_counter_ns()
            header, _ = read(serialized)
            between = time.perf_counter_ns()
            write(header, depth)
            end = time.perf_counter_ns()
            if number >= 3:  # the first ones warm up
                times[name].append([between - start, end - between, end - start])
    arrays = {name: np.array(values) / 1e6 for name, values in times.items()}
    result: dict[str, Any] = {'size': f'{width}x{height}', 'rounds': rounds}
    for name, values in arrays.items():
        read, write, both = np.median(values, axis=0)
        result[name] = {
            'read_ms': round(float(read), 3),
            'write_ms': round(float(write), 3),
            'both_ms': round(float(both), 3),
            'both_p99_ms': round(float(np.percentile(values[:, 2], 99)), 3),
        }
    ratios = arrays['usual'][:, 2] / arrays['ours'][:, 2]
    result['usual_over_ours'] = {
        'of_medians': round(result['usual']['both_ms'] / result['ours']['both_ms'], 2),
        **{
            f'paired_p{part}': round(float(np.percentile(ratios, part)), 2) for part in (10, 50, 90)
        },
    }
    return result


def _check(serialized: bytes, rgb: np.ndarray, depth: np.ndarray) -> None:
    """Make sure that both ways do the same work."""
    header, pixels = our_read(serialized)
    _, usual_pixels = usual_read(serialized)
    if not ((pixels == rgb).all() and (usual_pixels == rgb).all()):
        raise AssertionError('the two ways read different pixels')
    ours, usual = (RawImage.parse(write(header, depth)).data for write in (our_write, usual_write))
    if bytes(ours) != bytes(usual):
        raise AssertionError('the two ways write different depth')


def main() -> None:
    """Print the table and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=200)
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    results = {
        **machine_facts('numpy'),
        'usual_way': 'rclpy and cv_bridge' if CvBridge is not None else 'rclpy and numpy',
        'sizes': [compare(*size, arguments.rounds) for size in SIZES],
    }
    for size in results['sizes']:
        print(
            f'{size["size"]:10} ours {size["ours"]["both_ms"]:7.3f} ms  usual '
            f'{size["usual"]["both_ms"]:7.3f} ms  {size["usual_over_ours"]["of_medians"]:.1f} times'
        )
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()
