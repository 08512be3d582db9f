# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of messages of one generation of ROS as the other has them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip('rosbags')

from rosbags.interfaces import MessageDefinition, MessageDefinitionFormat

from depth_anything_ros.media.bag_conversion import Conversion, ConversionError

RAN = "open('ran', 'w')"
"""What makes a file where a definition of a bag is taken for code."""


def connection(msgtype: str, text: str, kind=MessageDefinitionFormat.MSG) -> SimpleNamespace:
    return SimpleNamespace(msgtype=msgtype, msgdef=MessageDefinition(kind, text))


@pytest.mark.parametrize(
    ('msgtype', 'text'),
    [
        (f'a/msg/B:\n    pass\n{RAN}\nclass C', 'int32 x'),
        (f'a/msg/B; {RAN}', 'int32 x'),
        ('a/msg/B', f'int32[{RAN}] x'),
        ('a/msg/B', f'int32 x = {RAN}\nint32 y'),
        ('a/msg/B', f"string S = '+str({RAN})+'\nint32 y"),
        ('a/msg/B', f'string S = """+str({RAN})+"""\nint32 y'),
        ('a/msg/B', f'string y "\' + str({RAN}) + \'"'),
    ],
    ids=str,
)
@pytest.mark.parametrize('ros1', [False, True])
def test_no_definition_of_a_bag_runs_as_code(msgtype, text, ros1, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    conversion = Conversion([connection(msgtype, text)], ros1)
    try:
        converted = conversion.of(msgtype)
        with pytest.raises(ConversionError):
            converted.convert(b'')
    except ConversionError:
        pass
    assert not list(tmp_path.iterdir())


def test_a_type_of_the_bags_own_goes_over_with_its_bytes():
    (text, msgtype) = ('uint8 kind\nfloat32[] values', 'mine/msg/Row')
    cdr = b'\0\1\0\0\7\0\0\0\2\0\0\0\0\0\x80\x3f\0\0\0\x40'
    over = Conversion([connection(msgtype, text)], False).of(msgtype)
    # ROS 1 has no gaps.
    ros1 = bytes(over.convert(cdr))
    assert ros1 == b'\7\2\0\0\0\0\0\x80\x3f\0\0\0\x40'

    back = Conversion([connection(msgtype, over.definition)], True).of(msgtype)
    assert bytes(back.convert(ros1)) == cdr


def test_a_type_without_a_definition_is_named():
    with pytest.raises(ConversionError, match='mine/msg/Row'):
        Conversion([], False).of('mine/msg/Row')
