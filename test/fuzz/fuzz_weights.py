# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Weights files and exported models: damaged, lying about themselves, or asking to run code."""

from __future__ import annotations

import io
import json
import pickle
import struct
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fuzzing import Target, damaged, odd_floats, odd_numbers, refused, scratch
from hypothesis import strategies as st
from safetensors.torch import save

from depth_anything_ros.inference.onnx_card import (
    MAX_SIDE,
    MOST_METRES,
    REFERENCE_STEP,
    OnnxCard,
    OnnxModelError,
    read_card,
)
from depth_anything_ros.model.checkpoint_file import CheckpointError, read_checkpoint
from depth_anything_ros.model.recognition import recognise

FOLDER = scratch('weights')
MARKER = FOLDER / 'the payload ran'
LARGEST = 1 << 20
"""Bytes of tensors that no file here may give: they have a thousandth of that."""


def _state() -> dict[str, torch.Tensor]:
    """Return tensors as of a small part of a network."""
    names = [
        'pretrained.cls_token',
        'pretrained.patch_embed.proj.weight',
        'pretrained.blocks.0.norm1.weight',
        'depth_head.scratch.output_conv1.weight',
        *(f'depth_head.projects.{i}.weight' for i in range(4)),
    ]
    return {name: torch.linspace(0.1, i + 1, 24).view(4, 6) for i, name in enumerate(names)}


def _transformers() -> dict[str, torch.Tensor]:
    name = 'backbone.encoder.layer.0.attention.attention.{}.weight'
    parts = {name.format(part): torch.ones(4, 4) for part in ('query', 'key', 'value')}
    return {'backbone.embeddings.cls_token': torch.ones(1, 1, 4), **parts}


@cache
def _files() -> list[bytes]:
    """Return weights files of every kind that is read."""
    made = []
    for saved, old in (
        (_state(), False),
        (_state(), True),
        ({'model': _state(), 'max_depth': 20.0, 'config': {'kind': 'metric'}}, False),
        ({f'module.{name}': tensor for name, tensor in _state().items()}, True),
        (_transformers(), False),
    ):
        buffer = io.BytesIO()
        torch.save(saved, buffer, _use_new_zipfile_serialization=not old)
        made.append(buffer.getvalue())
    made.append(save(_state(), metadata={'kind': 'metric', 'max_depth': '20.0'}))
    made.append(save(_transformers()))
    return made


class _Payload:
    """Asks to run something when it is unpickled."""

    def __init__(self, call: Any, arguments: tuple[Any, ...]) -> None:
        self.parts = call, arguments

    def __reduce__(self) -> Any:
        return self.parts


def _touch(path: str) -> None:
    Path(path).touch()


def _payloads() -> list[Any]:
    import builtins
    import os
    import subprocess

    code = f'open({str(MARKER)!r}, "w")'
    return [
        _Payload(os.system, (f'touch "{MARKER}"',)),
        _Payload(builtins.exec, (code,)),
        _Payload(builtins.eval, (code,)),
        _Payload(subprocess.Popen, (['touch', str(MARKER)],)),
        _Payload(_touch, (str(MARKER),)),
        _Payload(open, (str(MARKER), 'w')),
        _Payload(os.makedirs, (str(MARKER),)),
        _Payload(torch.load, (str(MARKER),)),
        _Payload(bytearray, (2**62,)),
        _Payload(torch.hub.load, ('a/b', 'c')),
    ]


@cache
def _evil() -> list[bytes]:
    """Return files that ask to run something, at several places and in all formats."""
    made = []
    for payload in _payloads():
        for saved in (
            payload,
            {'model': payload},
            {**_state(), 'more': payload},
            {'state_dict': _state(), 'args': payload},
        ):
            for old in (True, False):
                buffer = io.BytesIO()
                torch.save(saved, buffer, _use_new_zipfile_serialization=not old)
                made.append(buffer.getvalue())
        made += [pickle.dumps({'model': payload}, protocol=number) for number in (2, 4, 5)]
    return made


def _header(text: bytes, length: int | None = None) -> bytes:
    return struct.pack('<Q', len(text) if length is None else length) + text


@st.composite
def _lying(draw: st.DrawFn) -> bytes:
    """Return a safetensors file whose header says what is not so."""
    entry = st.fixed_dictionaries(
        {
            'dtype': st.sampled_from(('F32', 'F16', 'BF16', 'F64', 'I8', 'U64', 'F8_E4M3', 'X', 3)),
            'shape': st.lists(odd_numbers(2, 3), max_size=4),
            'data_offsets': st.lists(odd_numbers(0, 24, 96), min_size=1, max_size=3),
        }
    )
    header: dict[str, Any] = draw(
        st.dictionaries(st.sampled_from([*_state(), '__metadata__', '', 'x']), entry, max_size=3)
    )
    if draw(st.booleans()):
        values = st.one_of(
            st.text(max_size=5), st.sampled_from(('nan', 'metric', '1e999')), st.none()
        )
        keys = st.sampled_from(('kind', 'max_depth', 'format'))
        header['__metadata__'] = draw(st.dictionaries(keys, values, max_size=3))
    length = draw(st.one_of(st.none(), odd_numbers(8), st.just(2**63), st.just(2**64 - 1)))
    return _header(json.dumps(header).encode(), length) + bytes(draw(odd_numbers(96)) % 4096)


@st.composite
def _checkpoints(draw: st.DrawFn) -> tuple[bytes, Any]:
    kind = draw(st.sampled_from(('damaged', 'damaged', 'lying', 'opcodes')))
    if kind == 'damaged':
        content = draw(damaged(st.sampled_from(_files())))
    elif kind == 'lying':
        content = draw(_lying())
    else:
        content = b'\x80' + draw(st.binary(max_size=80))
    beside = None
    if draw(st.integers(0, 3)) == 0:
        value = st.one_of(st.none(), odd_floats(20.0), st.text(max_size=5), st.just(['metric']))
        beside = {'kind': draw(value), 'max_depth': draw(value)}
    return content, beside


def _read(content: bytes, beside: Any = None) -> bool:
    path, facts = FOLDER / 'weights.pth', FOLDER / 'weights.json'
    path.write_bytes(content)
    facts.unlink(missing_ok=True)
    if beside is not None:
        facts.write_text(json.dumps(beside))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # torch warns of foreign pickles
        checkpoint, bad = refused(lambda: read_checkpoint(path), CheckpointError)
    assert not MARKER.exists(), 'the payload ran'
    if bad:
        return False
    total = 0
    for name, tensor in checkpoint.tensors.items():
        assert isinstance(name, str) and tensor.layout is torch.strided
        assert tensor.is_floating_point() and tensor.device.type == 'cpu'
        total += tensor.numel() * tensor.element_size()
    assert total <= max(len(content), 1), 'more tensors than bytes'
    # No file here is a whole network, so that none may be taken for one.
    _, bad = refused(lambda: recognise(checkpoint), CheckpointError)
    assert bad
    return True


@cache
def _card() -> OnnxCard:
    return OnnxCard(
        model='metric-indoor-small', size='small', max_depth=20.0, input_size=518, fixed_size=None,
        precision='float32', licence='Apache-2.0', weights_sha256='0' * 64, version='0.1.0',
        reference_size=(28, 42), reference=np.arange(24, dtype=np.float32).reshape(4, 6) / 7,
    )  # fmt: skip


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _proto(properties: dict[str, str]) -> bytes:
    """Return an ONNX file of an empty graph with metadata, as protobuf lays it out."""
    parts = [b'\x08\x0a', _field(2, b'tool'), _field(7, _field(2, b'graph') + bytes(50))]
    for key, value in properties.items():
        parts.append(_field(14, _field(1, key.encode()) + _field(2, value.encode())))
    return b''.join(parts)


@st.composite
def _onnx(draw: st.DrawFn) -> bytes:
    card = _card() if draw(st.booleans()) else replace(_card(), max_depth=None, fixed_size=(28, 42))
    properties = card.to_properties()
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(list(properties)))
        number = st.sampled_from(('-1', '0', '14', '28', '16384', '99999999', '9' * 20, '1.5', 'x'))
        properties[name] = draw(
            st.one_of(
                st.text(max_size=12).filter(lambda text: text.isprintable()),
                number,
                st.builds('{}x{}'.format, number, number),
                odd_floats(20.0).map(repr),
            )
        )
        if draw(st.integers(0, 7)) == 0:
            del properties[name]
    content = _proto(properties)
    return draw(damaged(st.just(content))) if draw(st.booleans()) else content


def _check_onnx(content: bytes) -> bool:
    path = FOLDER / 'model.onnx'
    path.write_bytes(content)
    card, bad = refused(lambda: read_card(path), OnnxModelError)
    if bad:
        return False
    assert card.max_depth is None or 0 < card.max_depth <= MOST_METRES
    assert 0 < card.input_size <= MAX_SIDE
    for size in (card.reference_size, card.fixed_size or (1, 1)):
        assert all(0 < side <= MAX_SIDE for side in size)
    assert card.reference.shape == tuple(-(-side // REFERENCE_STEP) for side in card.reference_size)
    assert np.isfinite(card.reference).all()
    return True


TARGETS = [
    Target('checkpoint files', _checkpoints(), lambda case: _read(*case), 8),
    Target(
        'checkpoints that ask to run code',
        damaged(st.sampled_from(_evil()), 1),
        _read,
        3,
        accepts=False,
    ),
    Target('ONNX files and their cards', _onnx(), _check_onnx, 6),
]
