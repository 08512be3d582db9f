# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The short form of scripts/fuzz.py: the same cases every time, about 2,000 in all."""

from __future__ import annotations

import pytest
from fuzz_targets import targets
from fuzzing import HangError, Target, limited, refused, run
from hypothesis import strategies as st

CASES = 2000
FEW = 50
TARGETS = targets()
WEIGHT = sum(target.weight for target in TARGETS)


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('target', TARGETS, ids=lambda target: target.name)
def test_it_gives_what_is_right_or_a_named_error(target: Target) -> None:
    wanted = CASES * target.weight // WEIGHT
    outcome = run(target, wanted)
    assert outcome.cases >= wanted // 2
    # A target that refuses everything has tested nothing but its refusals. A few cases may.
    assert outcome.accepted or wanted < FEW or not target.accepts
    assert target.accepts or not outcome.accepted


def test_a_wrong_result_and_a_foreign_error_are_found() -> None:
    def wrong(number: int) -> bool:
        assert number != 3
        return True

    def foreign(number: int) -> bool:
        return refused(lambda: [1, 2, 3][number], ValueError)[1]

    with pytest.raises(AssertionError):
        run(Target('wrong', st.integers(0, 5), wrong), 100)
    with pytest.raises(IndexError):
        run(Target('foreign', st.integers(0, 5), foreign), 100)


def test_a_case_that_does_not_end_is_found() -> None:
    with pytest.raises(HangError), limited(1):
        while True:
            pass
