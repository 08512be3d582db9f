# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the answers to a pair come to: blind passes, and rounds that start anew on disagreement.

A round has some passes, three by default, each by another person. The pair is accepted when all
of a round give the same point; the first answer that differs ends the round, and the next one
asks everybody again. All of it follows from the answers in their order, so nothing else is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Answer(Enum):
    """What somebody says of a pair; the points are those of the pair, not as they were shown."""

    FIRST = 'first'
    SECOND = 'second'
    SKIP = 'skip'
    FLAG = 'flag'


class Status(Enum):
    """How a pair stands; only ACCEPTED ones are exported.

    SKIPPED is a pair whose first answer in a round was that nobody can tell, DISPUTED one on which
    every round ended in disagreement, FLAGGED one with which something is wrong, and WITHDRAWN one
    that its author took back.
    """

    OPEN = 'open'
    ACCEPTED = 'accepted'
    SKIPPED = 'skipped'
    DISPUTED = 'disputed'
    FLAGGED = 'flagged'
    WITHDRAWN = 'withdrawn'


@dataclass(frozen=True)
class Deed:
    """An answer of an annotator, or with None for it the wish to ask everybody once more."""

    annotator: str
    answer: Answer | None


@dataclass(frozen=True)
class Standing:
    """How a pair stands: its round from 1, who has answered in it, and the point that is nearer."""

    status: Status = Status.OPEN
    round: int = 1
    answered: tuple[str, ...] = ()
    nearer: Answer | None = None


@dataclass(frozen=True)
class Rules:
    """How many people answer in a round, and after how many rounds a pair is given up."""

    passes: int = 3
    rounds: int = 2

    def __post_init__(self) -> None:
        if self.passes < 1 or self.rounds < 1:
            raise ValueError(
                f'passes {self.passes} and rounds {self.rounds} must both be at least 1'
            )


def standing(deeds: Iterable[Deed], rules: Rules) -> Standing:
    """Return how a pair stands after deeds in their order, those that were undone left out."""
    now, last = Standing(), rules.rounds
    given: list[Answer] = []
    for deed in deeds:
        if deed.answer is None:
            now, given = Standing(round=now.round + 1), []
            last = now.round + rules.rounds - 1
            continue
        given.append(deed.answer)
        answered = (*now.answered, deed.annotator)
        if deed.answer is Answer.FLAG:
            now = Standing(Status.FLAGGED, now.round, answered)
        elif given == [Answer.SKIP]:
            now = Standing(Status.SKIPPED, now.round, answered)
        elif len(set(given)) > 1:
            if now.round >= last:
                now = Standing(Status.DISPUTED, now.round, answered)
            else:
                now, given = Standing(round=now.round + 1), []
        elif len(given) >= rules.passes:
            now = Standing(Status.ACCEPTED, now.round, answered, given[0])
        else:
            now = Standing(now.status, now.round, answered)
    return now
