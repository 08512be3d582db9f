# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node that is taken up and down 200 times leaves nothing behind."""

from __future__ import annotations

import gc
import threading
from collections import Counter

import pytest

pytest.importorskip('rclpy')

from depth_anything_ros.inference.memory import resident_bytes

CYCLES = 200
FIRST = 20
"""Cycles after which whatever is made once has been made."""
MOST_GROWTH = 30 * 2**20
"""Bytes by which the process may grow in the other 180 cycles; a network has more in each."""


def ours() -> Counter[str]:
    """Return how many objects there are of each class of the package."""
    gc.collect()
    everything = gc.get_objects()
    return Counter(
        name
        for name in (f'{type(thing).__module__}.{type(thing).__name__}' for thing in everything)
        if name.startswith('depth_anything_ros')
    )


def entities(node) -> dict[str, int]:
    kinds = ('publishers', 'subscriptions', 'services', 'timers', 'guards', 'waitables', 'clients')
    return {
        **{kind: len(list(getattr(node, kind))) for kind in kinds},
        'parameters': len(node._parameters),
        'managed': len(node._managed_entities),
        'group': sum(1 for entity in node.default_callback_group.entities if entity() is not None),
        'threads': threading.active_count(),
    }


def go_round(graph, node) -> None:
    for trigger in ('configure', 'activate', 'deactivate', 'cleanup'):
        assert getattr(node, f'trigger_{trigger}')().name == 'SUCCESS'
        graph.executor.spin_once(timeout_sec=0.0)


def test_nothing_grows_over_200_cycles(graph, coded_network):
    node = graph.depth_node(scale__source='depth')
    graph.listen('depth/image_rect')
    for _ in range(FIRST):
        go_round(graph, node)
    objects, things, memory = ours(), entities(node), resident_bytes()

    for _ in range(CYCLES - FIRST):
        go_round(graph, node)

    assert entities(node) == things
    assert ours() == objects
    if memory is not None:
        assert (resident_bytes() or 0) - memory < MOST_GROWTH


def test_a_real_network_is_let_go_at_cleanup(graph):
    node = graph.depth_node(filter__temporal=0.5)
    for _ in range(2):
        go_round(graph, node)
    kept = [name for name in ours() if 'inference' in name or '.model.' in name]
    assert not [name for name in kept if 'Engine' in name or 'Estimator' in name], kept
