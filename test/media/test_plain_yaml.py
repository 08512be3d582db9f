# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/plain_yaml.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from depth_anything_ros.media.plain_yaml import PlainYamlError, read_plain_yaml

LAUGHS = 'a: &a [x, x]\n' + ''.join(
    f'{b}: &{b} [*{a}, *{a}]\n' for a, b in zip('abcdefgh', 'bcdefghi', strict=True)
)
MERGES = 'a: &a {x: 1}\nb: &b {<<: [*a, *a]}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'settings.yaml'


def test_plain_data_are_read(path: Path) -> None:
    path.write_text('a: [1, 2.5, true, text, ~]\nb: {c: "größer"}\n')
    assert read_plain_yaml(path) == {'a': [1, 2.5, True, 'text', None], 'b': {'c': 'größer'}}


@pytest.mark.parametrize('text', [LAUGHS, MERGES, '&a [*a]', '*nothing'])
def test_aliases_are_refused(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(PlainYamlError, match='alias'):
        read_plain_yaml(path)


@pytest.mark.parametrize(
    'content',
    [
        b'!!python/object/apply:os.system ["true"]',
        b'!!python/name:os.system',
        b'!other {}',
        b'{' * 3000,
        b'\xff\xfe\x00\x81',
        b'2026-13-40',
        b'9' * 5000,
        b'[1, 2',
        b'a: b: c',
        b'? [a, b]\n: 1',
        b'\0',
        b'--- 1\n--- 2\n',
        b'#' * (2**18 + 1),
    ],
)
def test_what_is_no_plain_data_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(PlainYamlError):
        read_plain_yaml(path)


def test_a_missing_file_is_an_error_of_the_system(path: Path) -> None:
    with pytest.raises(OSError, match=r'settings\.yaml'):
        read_plain_yaml(path)


def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(PlainYamlError, match='no file'):
        read_plain_yaml(path)
