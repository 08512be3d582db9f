# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Three people annotate, as a story that is told twice: over HTTP, and in a browser.

Two stored predictions vote on two pictures: one tells the truth, the other the opposite, so they
disagree on every pair. Ann makes a mistake at her first pair; the server is killed in the middle.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import pytest

PEOPLE = ('ann', 'bob', 'cyd')
SCENES = ('indoor', 'aerial')
PAIRS = 2
HEIGHT, WIDTH = 240, 320
MANUAL = 'images/object/c.png'
"""The picture that has only the pair that Cyd adds: row 200 is nearer than row 30."""

PATIENCE = 90.0
COMMAND = (
    *(sys.executable, '-c'),
    'import sys; from depth_anything_ros.cli.main import main; sys.exit(main())',
    'annotate',
)


def picture(scene: str) -> np.ndarray:
    """Return a picture of 4 x 3 plain patches, RGB."""
    rng = np.random.default_rng(list(scene.encode()))
    patches = rng.integers(20, 235, (3, 4, 3), np.uint8)
    return np.repeat(np.repeat(patches, HEIGHT // 3, axis=0), WIDTH // 4, axis=1)


def metres() -> np.ndarray:
    """Return the true depth of all pictures: ten metres at the top, one at the bottom."""
    rows = np.mgrid[:HEIGHT, :WIDTH]
    # A little to the side, so that no two patches are equally far.
    return (10 - 9 * rows[0] / (HEIGHT - 1) + rows[1] / WIDTH / 10).astype(np.float32)


def run(*arguments: object) -> Any:
    """Run `depth-anything annotate ... --json` and return what it printed."""
    command = [*COMMAND, *map(str, arguments), '--json']
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def make(folder: Path) -> Path:
    """Prepare the project and return its folder."""
    for scene in (*SCENES, 'object'):
        name = 'c' if scene == 'object' else scene
        path = folder / 'pictures' / scene / f'{name}.png'
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), picture(scene)[..., ::-1])
        for model, values in (('right', metres()), ('wrong', 11 - metres())):
            stored = folder / model / scene / f'{name}.npy'
            stored.parent.mkdir(parents=True)
            np.save(stored, values)
    project = folder / 'project'
    told = run(
        *('prepare', folder / 'pictures', '-o', project, '--pairs', PAIRS, '--ratio', 1.5),
        *('-p', f'right={folder / "right"}:metres', '-p', f'wrong={folder / "wrong"}:metres'),
    )
    assert told['added'] == 3 and told['pairs']['review'] == PAIRS * len(SCENES)
    return project


class Server:
    """`depth-anything annotate serve` as a process of its own."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start it, at the port that it had."""
        names = [part for name in PEOPLE for part in ('-a', name)]
        command = [*COMMAND, 'serve', str(self.project), '--port', str(self.port), '--json', *names]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert ready, 'the server does not start'
        told = json.loads(self.process.stdout.readline())
        self.address, self.links = told['address'], told['links']
        self.port = int(self.address.rstrip('/').rpartition(':')[2])

    def kill(self) -> None:
        """End it as a crash of the machine would."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


class Person(Protocol):
    """Somebody at the page: what they see, and what they can do."""

    def points(self) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Return points 1 and 2 (row, column) of what is to be answered; None for nothing."""

    def say(self, choice: str) -> None:
        """Answer with 1, 2, skip or flag."""

    def undo(self) -> None:
        """Take the last answer back."""

    def add(self, path: str, near: tuple[int, int], far: tuple[int, int]) -> None:
        """Add a pair to a picture."""


class HttpPerson:
    """A person whose browser is urllib; what fails is sent again until it is answered."""

    def __init__(self, link: str) -> None:
        self._address, _, token = link.partition('#token=')
        self._token = token
        self.show(self.ask('api/task'))

    def show(self, answer: dict[str, Any]) -> None:
        self.task = answer['task']

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask once; raises URLError where nobody answers."""
        content = None if body is None else json.dumps(body).encode()
        headers = {'Authorization': f'Bearer {self._token}', 'Content-Type': 'application/json'}
        request = urllib.request.Request(self._address + path, content, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE) as answer:
            return dict(json.load(answer))

    def insist(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self.ask(path, body)
            except (urllib.error.URLError, ConnectionError) as error:
                if isinstance(error, urllib.error.HTTPError) or time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def nonce(self) -> str:
        return str(uuid.uuid4())

    def points(self) -> tuple[tuple[int, int], tuple[int, int]] | None:
        if self.task is None:
            return None
        one, two = (tuple(point) for point in self.task['points'])
        return one, two

    def say(self, choice: str) -> None:
        body = {'pair': self.task['pair'], 'round': self.task['round'], 'choice': choice}
        self.show(self.insist('api/answer', {'nonce': self.nonce(), **body}))

    def undo(self) -> None:
        self.show(self.insist('api/undo', {'nonce': self.nonce()}))

    def add(self, path: str, near: tuple[int, int], far: tuple[int, int]) -> None:
        found = self.ask('api/pictures')['pictures']
        number = next(one['id'] for one in found if one['path'] == path)
        body = {'nonce': self.nonce(), 'picture': number, 'near': near, 'far': far}
        self.show(self.insist('api/add', body))


def truth(points: tuple[tuple[int, int], tuple[int, int]]) -> str:
    """Return the key of the point that is nearer."""
    depth = metres()
    return '1' if depth[points[0]] < depth[points[1]] else '2'


def mistake(points: tuple[tuple[int, int], tuple[int, int]]) -> str:
    return '2' if truth(points) == '1' else '1'


def work_off(person: Person, choose: Callable[..., str] = truth) -> int:
    """Answer all there is, and return how many pairs that were."""
    count = 0
    while (points := person.points()) is not None:
        person.say(choose(points))
        count += 1
        assert count < 50
    return count


def tell(
    project: Path,
    server: Server,
    people: Callable[[str], Person],
    at_the_crash: Callable[[Person, Server], None],
) -> None:
    """Tell the story; ``people`` opens a link and ``at_the_crash`` answers while it happens."""
    ann = people(server.links['ann'])
    points = ann.points()
    assert points is not None
    ann.say(mistake(points))
    assert work_off(ann) == PAIRS * len(SCENES) - 1

    bob = people(server.links['bob'])
    points = bob.points()
    assert points is not None
    bob.say(mistake(points))  # the same mistake, but he sees it
    bob.undo()
    assert set(bob.points() or ()) == set(points)
    bob.say(truth(points))
    at_the_crash(bob, server)
    # What was answered before the crash, and while it happened, is there.
    found = run('status', project)['annotators']
    assert found['ann']['answers'] == PAIRS * len(SCENES)
    assert found['bob']['answers'] == 2 and found['bob']['undone'] == 1
    # Ann's first pair comes back behind the others.
    assert work_off(bob) == PAIRS * len(SCENES) - 2 + 1

    cyd = people(server.links['cyd'])
    cyd.add(MANUAL, (200, 100), (30, 110))
    assert work_off(cyd) == PAIRS * len(SCENES)
    for name in ('ann', 'bob'):
        assert work_off(people(server.links[name])) == (2 if name == 'ann' else 1)


def check(project: Path, folder: Path) -> None:
    """Check what came out, and that the scorer of DA-2K takes it."""
    status = run('status', project)
    total = status['total']
    assert total['accepted'] == PAIRS * len(SCENES) + 1 and total['manual'] == 1
    assert total['open'] == 0 and status['answers_to_come'] == 0
    accepted = PAIRS * len(SCENES)
    assert status['models'] == {
        'right': {'pairs': accepted, 'right': accepted},
        'wrong': {'pairs': accepted, 'right': 0},
    }
    assert status['agreement']['pairs'] == accepted + 1
    assert status['agreement']['equal'] == pytest.approx(accepted / (accepted + 1))

    told = run('export', project, '-o', folder / 'annotations.json')
    annotations = json.loads((folder / 'annotations.json').read_text())
    assert told['pairs'] == accepted + 1
    assert set(annotations) == {f'images/{scene}/{scene}.png' for scene in SCENES} | {MANUAL}
    depth = metres()
    for pairs in annotations.values():
        for pair in pairs:
            assert set(pair) == {'point1', 'point2', 'closer_point'}
            assert pair['closer_point'] == 'point1'
            assert depth[tuple(pair['point1'])] < depth[tuple(pair['point2'])]
    assert annotations[MANUAL] == [
        {'point1': [200, 100], 'point2': [30, 110], 'closer_point': 'point1'},
    ]
    log = [json.loads(line) for line in Path(told['audit']).read_text().splitlines()]
    assert [line['id'] for line in log] == list(range(1, len(log) + 1))
    assert {line['kind'] for line in log} == {'answer', 'undo', 'add'}
    assert max(line['round'] for line in log) == 2
    score(Path(run('export', project, '-o', folder / 'made.zip')['output']), annotations)


def score(released: Path, annotations: dict[str, Any]) -> None:
    """Score what was released with the scorer of DA-2K: the truth, its opposite, and a constant."""
    from depth_anything_ros.depth import Depth, DepthKind
    from depth_anything_ros.evaluation.da2k import Da2k
    from depth_anything_ros.evaluation.da2k_run import score_da2k

    pictures = Da2k(released)
    assert pictures.problems == () and set(pictures.keys) == set(annotations)
    found = {}
    for name, values in (('right', metres()), ('wrong', 11 - metres()), ('none', 0 * metres())):
        depth = Depth(values, DepthKind.METRIC, (14, 14))
        outcome = score_da2k(pictures, lambda picture, depth=depth: depth)
        assert outcome.problems == ()
        found[name] = {
            scene: (tally.right, tally.pairs) for scene, tally in outcome.score.scenes.items()
        }
    pairs = {scene: PAIRS for scene in SCENES} | {'object': 1}
    assert found['right'] == {scene: (count, count) for scene, count in pairs.items()}
    assert found['wrong'] == found['none'] == {scene: (0, count) for scene, count in pairs.items()}
