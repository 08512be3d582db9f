# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for annotation/rounds.py."""

from __future__ import annotations

import pytest

from depth_anything_ros.annotation.rounds import Answer, Deed, Rules, Standing, Status, standing

KEYS = {'1': Answer.FIRST, '2': Answer.SECOND, 's': Answer.SKIP, 'f': Answer.FLAG, 'r': None}


def after(answers: str, passes: int = 3, rounds: int = 2) -> Standing:
    deeds = [Deed(f'person {i}', KEYS[key]) for i, key in enumerate(answers)]
    return standing(deeds, Rules(passes, rounds))


@pytest.mark.parametrize(
    ('answers', 'status', 'round_', 'answered'),
    [
        ('', Status.OPEN, 1, 0),
        ('1', Status.OPEN, 1, 1),
        ('11', Status.OPEN, 1, 2),
        ('111', Status.ACCEPTED, 1, 3),
        ('222', Status.ACCEPTED, 1, 3),
        ('12', Status.OPEN, 2, 0),
        ('112', Status.OPEN, 2, 0),
        ('1s', Status.OPEN, 2, 0),
        ('s', Status.SKIPPED, 1, 1),
        ('12s', Status.SKIPPED, 2, 1),
        ('12222', Status.ACCEPTED, 2, 3),
        ('1221', Status.DISPUTED, 2, 2),
        ('1121s', Status.DISPUTED, 2, 2),
        ('f', Status.FLAGGED, 1, 1),
        ('11f', Status.FLAGGED, 1, 3),
        ('sr', Status.OPEN, 2, 0),
        ('fr111', Status.ACCEPTED, 2, 3),
        ('1221r', Status.OPEN, 3, 0),
        ('1221r12', Status.OPEN, 4, 0),
        ('1221r1212', Status.DISPUTED, 4, 2),
    ],
)
def test_what_answers_come_to(answers, status, round_, answered):
    found = after(answers)
    assert (found.status, found.round, len(found.answered)) == (status, round_, answered)


def test_the_accepted_point_is_the_one_all_gave():
    assert after('111').nearer is Answer.FIRST
    assert after('12222').nearer is Answer.SECOND
    assert after('112').nearer is None
    assert after('2', passes=1).nearer is Answer.SECOND


def test_one_round_disputes_at_once():
    assert after('12', rounds=1).status is Status.DISPUTED


@pytest.mark.parametrize(('passes', 'rounds'), [(0, 1), (1, 0)])
def test_rules_that_cannot_be_are_refused(passes, rounds):
    with pytest.raises(ValueError, match='at least 1'):
        Rules(passes, rounds)
