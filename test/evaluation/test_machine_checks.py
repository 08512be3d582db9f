# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of evaluation/machine_checks.py."""

from __future__ import annotations

import hashlib

import pytest

from depth_anything_ros.check import Verdict
from depth_anything_ros.evaluation import machine_checks
from depth_anything_ros.evaluation.machine_checks import (
    check_clock,
    check_disk,
    check_socket_buffers,
    check_weights,
)
from depth_anything_ros.model.catalog import CATALOG


def test_the_shipped_weights_are_whole_and_without_torch_only_compared():
    (loaded,) = check_weights([CATALOG['nano']], has_torch=True)
    (compared,) = check_weights([CATALOG['nano']], has_torch=False)
    assert loaded.verdict is compared.verdict is Verdict.OK
    assert 'loads' in loaded.found and 'loads' not in compared.found


def cache_small(folder, content: bytes, digest: str) -> None:
    card = CATALOG['small']
    repository = folder / f'models--{card.repository.replace("/", "--")}'
    blob = repository / 'blobs' / digest
    link = repository / 'snapshots' / 'abc' / card.filename
    for path in (blob, link, repository / 'refs' / 'main'):
        path.parent.mkdir(parents=True, exist_ok=True)
    (repository / 'refs' / 'main').write_text('abc')
    blob.write_bytes(content)
    link.symlink_to(blob)


@pytest.mark.parametrize(('written', 'verdict'), [(b'abc', Verdict.OK), (b'ab', Verdict.FAIL)])
def test_weights_of_the_cache_are_compared_with_their_digest(
    written, verdict, tmp_path, monkeypatch
):
    monkeypatch.setenv('HF_HUB_CACHE', str(tmp_path))
    cache_small(tmp_path, written, hashlib.sha256(b'abc').hexdigest())
    small, others = check_weights([CATALOG['small'], CATALOG['base']])
    assert small.verdict is verdict
    assert (small.advice == 'depth-anything download small') is (verdict is Verdict.FAIL)
    assert others.verdict is Verdict.ABSENT and others.found.endswith(': base')


def test_room_for_a_cache_folder_that_is_not_there_yet(tmp_path, monkeypatch):
    (result,) = check_disk(tmp_path / 'a' / 'b')
    assert 'GB free' in result.found
    monkeypatch.setattr(machine_checks, 'LEAST_SPACE', float('inf'))
    (result,) = check_disk(tmp_path / 'a' / 'b')
    assert result.verdict is Verdict.WARN and 'HF_HOME' in result.advice


def test_a_clock_that_was_never_set_fails():
    (result,) = check_clock(lambda: 3600.0)
    assert result.verdict is Verdict.FAIL and '1970-01-01' in result.found
    (result,) = check_clock(lambda: 1.9e9)
    assert result.verdict is Verdict.OK


def test_socket_buffers_too_small_large_enough_and_not_told(tmp_path):
    (tmp_path / 'net/core').mkdir(parents=True)
    (tmp_path / 'net/core/rmem_max').write_text('212992\n')
    (tmp_path / 'net/core/wmem_max').write_text('33554432\n')
    received, sent, fragments = check_socket_buffers(tmp_path)
    assert received.verdict is Verdict.WARN
    assert 'sysctl -w net.core.rmem_max=33554432' in received.advice
    assert (sent.verdict, fragments.verdict) == (Verdict.OK, Verdict.ABSENT)
