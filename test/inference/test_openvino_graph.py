# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is kept on disk of OpenVINO's graphs, and when it is made anew."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
import torch

from depth_anything_ros.inference import openvino_graph
from depth_anything_ros.inference.openvino_graph import MOST_GRAPHS, cache_folder, graph_of
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything

pytest.importorskip('openvino')


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return tmp_path / 'depth_anything_ros' / 'openvino'


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[DepthAnything]:
    """Count conversions, and make a small graph instead of the real one."""
    import openvino
    from openvino import opset8

    made: list[DepthAnything] = []

    def convert(network: DepthAnything):
        made.append(network)
        image = opset8.parameter([1, 4], name='image')
        return openvino.Model([opset8.relu(image)], [image], 'graph')

    monkeypatch.setattr(openvino_graph, '_convert', convert)
    return made


def network_of(seed: int = 0) -> DepthAnything:
    torch.manual_seed(seed)
    return DepthAnything(config_for('nano'))


def test_a_graph_is_made_once_for_the_same_weights(cache, conversions):
    first, second = graph_of(network_of()), graph_of(network_of())

    assert len(conversions) == 1
    assert cache_folder() == cache
    assert len(list(cache.iterdir())) == 1
    assert [node.get_type_name() for node in second.get_ops()] == [
        node.get_type_name() for node in first.get_ops()
    ]


def test_other_weights_and_another_head_have_graphs_of_their_own(conversions):
    graph_of(network_of())
    graph_of(network_of(1))
    metric = DepthAnything(config_for('nano', 20.0))
    metric.load_state_dict(network_of().state_dict())
    graph_of(metric)

    assert len(conversions) == 3


def test_a_damaged_file_is_made_anew_and_said(cache, conversions, caplog):
    graph_of(network_of())
    (file,) = cache.glob('*/graph.xml')
    file.write_text('<net')

    graph_of(network_of())

    assert len(conversions) == 2
    assert 'cannot be read and is made anew' in caplog.text
    graph_of(network_of())
    assert len(conversions) == 2


def test_where_nothing_can_be_written_the_graph_is_used_all_the_same(
    cache, conversions, caplog, monkeypatch
):
    def refuse(graph, file):
        raise PermissionError('read-only file system')

    monkeypatch.setattr(openvino_graph, '_keep', refuse)
    with caplog.at_level(logging.WARNING):
        assert graph_of(network_of()) is not None

    assert 'the next start takes as long: read-only file system' in caplog.text
    assert not list(cache.glob('*/graph.xml'))


def test_the_graphs_used_last_are_kept(cache, conversions):
    graph_of(network_of(0))
    (first,) = cache.glob('*/graph.xml')
    for number in range(MOST_GRAPHS):
        made = cache / f'made-{number}' / 'graph.xml'
        made.parent.mkdir()
        made.write_text('')
        os.utime(made, (number, number))

    graph_of(network_of(1))

    kept = {file.parent.name for file in cache.glob('*/graph.xml')}
    assert len(kept) == MOST_GRAPHS
    assert first.parent.name in kept
    assert 'made-0' not in kept and 'made-1' not in kept


def test_no_half_written_graph_is_left(cache, conversions):
    graph_of(network_of())

    assert all(not entry.name.startswith('.') for entry in cache.iterdir())
    assert {file.name for file in cache.glob('*/*')} == {'graph.xml', 'graph.bin'}
