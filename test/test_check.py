# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of check.py."""

from __future__ import annotations

from depth_anything_ros.check import CheckResult, Verdict, run_check


def test_a_check_that_raises_keeps_what_it_found_and_fails_with_the_reason():
    def check():
        yield CheckResult('one', Verdict.OK, 'fine')
        raise RuntimeError('the driver\nis too old')

    first, second = run_check('GPU', check)
    assert first.verdict is Verdict.OK
    assert (second.name, second.verdict) == ('GPU', Verdict.FAIL)
    assert 'RuntimeError: the driver' in second.found and '\n' not in second.found
