# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The facts beside a measurement, on made-up machines."""

from __future__ import annotations

import json

import numpy as np
import pytest

from depth_anything_ros.evaluation import machine

CPUINFO = """processor\t: 0
model name\t: A Processor 3000
flags\t\t: fpu avx2 avx512f amx_bf16 made_up
processor\t: 1
model name\t: Another
"""


@pytest.fixture
def cpuinfo(tmp_path, monkeypatch):
    path = tmp_path / 'cpuinfo'
    path.write_text(CPUINFO)
    monkeypatch.setattr(machine, 'CPUINFO', path)
    return path


def test_processor_and_instructions_are_read_from_the_system(cpuinfo):
    facts = machine.machine_facts()

    assert facts['machine']['processor'] == 'A Processor 3000'
    assert facts['machine']['instructions'] == ['avx2', 'avx512f', 'amx_bf16']
    assert facts['machine']['cores'] >= 1


def test_a_system_without_the_list_has_a_name_all_the_same(cpuinfo):
    cpuinfo.unlink()

    assert machine.processor()
    assert machine.machine_facts()['machine']['instructions'] == []


def test_versions_are_those_of_the_installed_packages():
    facts = machine.machine_facts('numpy', 'no-such-package')

    assert facts['versions']['numpy'] == np.__version__
    assert facts['versions']['no-such-package'] is None
    assert json.loads(json.dumps(facts)) == facts
