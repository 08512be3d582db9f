# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything label` on a local Ray cluster: whoever is killed, each label is made once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

typer_testing = pytest.importorskip('typer.testing')
pytest.importorskip('pyarrow')
pytest.importorskip('ray.data')

from depth_anything_ros.cli.app import app  # noqa: E402
from depth_anything_ros.data.dataset import Dataset, open_dataset  # noqa: E402
from depth_anything_ros.depth import Depth, DepthKind  # noqa: E402
from depth_anything_ros.media.label_shards import LabelError  # noqa: E402
from depth_anything_ros.training.pseudo_labels import facts_of, write_labels  # noqa: E402
from depth_anything_ros.training.ray_cluster import (  # noqa: E402
    ClusterError,
    Crew,
    cluster,
    crew_for,
)
from depth_anything_ros.training.ray_labels import Work, write_labels_on  # noqa: E402

RUNNER = typer_testing.CliRunner()
MAIN = 'import sys; from depth_anything_ros.cli.main import main; sys.exit(main())'
CREW = Crew(2, 1, 0)
NETWORK = ('--model', 'nano', '--input-size', 28, '--device', 'cpu', '--precision', 'float32')


@dataclass(frozen=True)
class Teacher:
    """Depth by brightness; at the picture ``deadly`` it kills a process, once or whenever it can.

    ``victim`` is that process's id, 0 for the actor's own. ``died`` is a file by which it knows
    that it did so before; without one it does so each time.
    """

    deadly: int = -1
    victim: int = 0
    died: Path | None = None

    def __call__(self) -> Teacher:
        return self

    def estimate_batch(
        self, pictures: Sequence[np.ndarray], at_network_size: bool = False
    ) -> list[Depth]:
        for rgb in pictures:
            if rgb[0, 0, 0] == self.deadly and not (self.died and self.died.exists()):
                if self.died:
                    self.died.touch()
                os.kill(self.victim or os.getpid(), signal.SIGKILL)
        return [
            Depth(rgb[..., 1].astype(np.float32), DepthKind.RELATIVE, (28, 42)) for rgb in pictures
        ]


@pytest.fixture(scope='module', autouse=True)
def quiet_cores() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv('OMP_NUM_THREADS', '1')
    patch.setenv('PYTHONPATH', str(Path(__file__).parent))  # where actors find the teacher
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path / 'cache'))


@pytest.fixture(scope='module')
def local_cluster() -> Iterator[None]:
    with cluster(None, 2):
        yield


@pytest.fixture
def pictures(tmp_path) -> Dataset:
    """60 pictures, each with its number in the first pixel; one of them is none."""
    rng = np.random.default_rng(0)
    (tmp_path / 'in').mkdir()
    for number in range(60):
        picture = rng.integers(0, 255, (28, 42, 3), np.uint8)
        picture[0, 0] = number
        cv2.imwrite(str(tmp_path / f'in/{number:02d}.png'), picture)
    (tmp_path / 'in/33.png').write_bytes(b'no picture')
    return open_dataset('pictures', tmp_path / 'in')


def work_on(dataset: Dataset, folder: Path, teacher: Teacher) -> Work:
    return Work(teacher, folder, facts_of(dataset, 'brightness', 'sha', 28, 5), 2, 0)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def undisturbed(dataset: Dataset, folder: Path) -> dict[str, bytes]:
    work = work_on(dataset, folder, Teacher())
    write_labels(dataset, work.teacher(), folder, work.facts, work.batch)
    return content(folder)


def call(*arguments):
    return RUNNER.invoke(app, [str(argument) for argument in arguments])


def test_an_actor_killed_in_a_shard_loses_and_repeats_nothing(pictures, tmp_path, local_cluster):
    out, told = tmp_path / 'out', []
    work = work_on(pictures, out, Teacher(22, died=tmp_path / 'died'))

    outcome = write_labels_on(CREW, pictures, work, lambda *each: told.append(each))

    assert (tmp_path / 'died').exists()
    assert content(out) == undisturbed(pictures, tmp_path / 'plain')
    assert (outcome.shards, outcome.labels, outcome.there) == (12, 59, 0)
    assert list(outcome.failed) == ['33.png']
    assert sorted(key for key, _ in told) == list(pictures.keys)


def test_a_killed_driver_goes_on(pictures, tmp_path, local_cluster):
    """The actors of the killed command's own cluster end with it, whatever they had begun."""
    out = tmp_path / 'out'
    script = f"""
import os
from pathlib import Path
from test_label import *
dataset = open_dataset('pictures', Path({str(tmp_path / 'in')!r}))
teacher = Teacher(31, os.getpid(), Path({str(tmp_path / 'died')!r}))
with cluster(None, 2):
    write_labels_on(CREW, dataset, work_on(dataset, Path({str(out)!r}), teacher))
"""
    # What it leaves there is nobody's; the sockets in it have short paths.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as left:
        killed = subprocess.run(
            [sys.executable, '-c', script],
            env={**os.environ, 'TMPDIR': left},
            check=False,
            timeout=200,
        )
    assert killed.returncode == -signal.SIGKILL

    outcome = write_labels_on(CREW, pictures, work_on(pictures, out, Teacher()))

    assert outcome.there + outcome.shards == 12 and outcome.shards > 0
    assert content(out) == undisturbed(pictures, tmp_path / 'plain')


def test_a_picture_that_always_kills_is_given_up(pictures, tmp_path, local_cluster):
    work = work_on(pictures, tmp_path / 'out', Teacher(3))
    with pytest.raises(ClusterError, match='an actor died'):
        write_labels_on(CREW, pictures, work)


def test_what_stops_an_actor_is_told(pictures, tmp_path, local_cluster):
    @dataclass(frozen=True)
    class Absent:
        def __call__(self):
            raise LabelError('other weights: copy them there')

    work = work_on(pictures, tmp_path / 'out', Absent())
    with pytest.raises(ClusterError, match='shard 0: other weights: copy them there'):
        write_labels_on(Crew(1, 1, 0), pictures, work)


@pytest.mark.parametrize('scheme', ['', 'ray://'])
def test_a_cluster_that_does_not_answer_is_told_at_once(scheme):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
    address = f'{scheme}127.0.0.1:{port}'
    with pytest.raises(ClusterError, match=f'no Ray cluster at {address}'), cluster(address, 1):
        pass


def test_cores_are_shared_among_actors(local_cluster):
    cores = max(2, os.cpu_count() or 1)
    assert crew_for(1, 'cpu') == Crew(1, cores, 0)
    assert crew_for(2, 'auto') == Crew(2, cores // 2, 0)
    with pytest.raises(ClusterError, match='fewer --actors'):
        crew_for(cores + 1, 'cpu')


def test_label_and_pseudo_label_finish_what_the_other_began(tmp_path, pictures, local_cluster):
    """The command itself; nano on two actors, and then in this process, or the other way."""
    import ray

    address = ray.get_runtime_context().gcs_address
    common = ('pictures', tmp_path / 'in', *NETWORK, '--shard-size', 20, '--json')
    plain = call('pseudo-label', *common, '-o', tmp_path / 'plain', '--workers', 0)
    assert plain.exit_code == 1, plain.output  # for the picture that is none
    whole = content(tmp_path / 'plain')
    for name in ('label', 'pseudo-label'):
        (tmp_path / name).mkdir()
        for file in ('labels.json', 'labels_000000.json', 'labels_000000.tar'):
            (tmp_path / name / file).write_bytes(whole[file])

    command = ('label', *common, '-o', tmp_path / 'label', '--actors', 2, '--address', address)
    label = subprocess.run(
        [sys.executable, '-c', MAIN, *map(str, command)],
        capture_output=True,
        timeout=200,
        check=False,
    )
    other = call('pseudo-label', *common, '-o', tmp_path / 'pseudo-label', '--workers', 0)

    assert (label.returncode, other.exit_code) == (1, 1), label.stderr
    told = json.loads(label.stdout)
    assert (told['labels'], told['shards_done_before']) == (39, 1)
    assert list(told['failed']) == ['33.png']
    assert content(tmp_path / 'label') == content(tmp_path / 'pseudo-label') == whole
