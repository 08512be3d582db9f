# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading the metadata of ONNX files, against what the onnx package writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip('onnx')

import onnx

from depth_anything_ros.inference.onnx_proto import read_metadata

PROPERTIES = {'format': 'something', 'empty': '', 'long': 'x' * 300, 'umlaut': 'größer'}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    weight = onnx.helper.make_tensor('w', onnx.TensorProto.FLOAT, [200], [0.5] * 200)
    graph = onnx.helper.make_graph([], 'g', [], [], initializer=[weight])
    model = onnx.helper.make_model(graph)
    onnx.helper.set_model_props(model, PROPERTIES)
    onnx.save(model, tmp_path / 'model.onnx')
    return tmp_path / 'model.onnx'


def test_all_properties_are_read(path):
    assert read_metadata(path) == PROPERTIES


def test_a_file_cut_off_anywhere_is_refused_or_tells_less(path):
    whole = path.read_bytes()
    refused = 0
    for length in range(1, len(whole), 7):
        path.write_bytes(whole[:length])
        try:
            assert read_metadata(path).items() <= PROPERTIES.items()
        except ValueError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    'content',
    [b'\x89PNG\r\n\x1a\n' + b'\0' * 40, b'\xff' * 40, b'\0' * 10, b'version https://git-lfs'],
    ids=['png', 'ones', 'zeros', 'text'],
)
def test_what_is_no_protocol_buffer_is_refused(path, content):
    path.write_bytes(content)

    with pytest.raises(ValueError):
        read_metadata(path)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'\x72\x0c\x12' + b'\xff' * 8 + b'\x7f' + b'xx', 'property holds a field 2'),
        (b'\x72\x04\x1a\x02xx', 'property holds a field 3'),
        (b'\x08\x01' * 100_001, 'more than 100000 fields'),
        (b'\x72\x81\x80\x80\x08' + bytes(2**24 + 1), 'metadata of more than 16777216 bytes'),
    ],
    ids=['endless text', 'unknown field', 'many fields', 'much'],
)
def test_what_would_take_endless_time_or_memory_is_refused(path, content, message):
    path.write_bytes(content)

    with pytest.raises(ValueError, match=message):
        read_metadata(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / 'pipe.onnx')

    with pytest.raises(ValueError, match='no file'):
        read_metadata(tmp_path / 'pipe.onnx')
