# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DA-2K in its released form: what is read, what is right, what is told of what is wrong."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from da2k_making import ANNOTATIONS, HEIGHT, WIDTH, archive, disparity, encoded, pair, truthful

from depth_anything_ros.data.sample import DataError, EmptyError, SampleError
from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.evaluation.da2k import SCENES, AnnotatedPicture, Da2k, scene_of
from depth_anything_ros.evaluation.da2k_published import PUBLISHED
from depth_anything_ros.evaluation.da2k_run import mark, score_da2k, summary, table, write_outcome
from depth_anything_ros.evaluation.point_pairs import PointPair


@pytest.mark.parametrize('top', ['DA-2K/', ''])
@pytest.mark.parametrize('unpacked', [False, True])
def test_archive_and_folder_are_the_same(top, unpacked, tmp_path):
    path = archive(tmp_path / 'DA-2K.zip', ANNOTATIONS, top)
    if unpacked:
        with zipfile.ZipFile(path) as file:
            file.extractall(tmp_path / 'out')
        path = tmp_path / 'out'

    pictures = Da2k(path)

    assert list(pictures.keys) == list(ANNOTATIONS)
    assert (len(pictures), pictures.pair_count, list(pictures.problems)) == (3, 4, [])
    first = pictures.read(0)
    assert (first.scene, first.rgb.shape) == ('indoor', (HEIGHT, WIDTH, 3))
    assert first.pairs == (PointPair((1, 30), (20, 3)), PointPair((5, 5), (6, 39)))
    assert abs(int(first.rgb[20, 7, 0]) - 160) < 12


def test_folder_itself_may_be_given(tmp_path):
    with zipfile.ZipFile(archive(tmp_path / 'DA-2K.zip', ANNOTATIONS)) as file:
        file.extractall(tmp_path)

    assert len(Da2k(tmp_path / 'DA-2K')) == 3


def test_closer_point_may_be_the_second(tmp_path):
    swapped = {'point1': [20, 3], 'point2': [1, 30], 'closer_point': 'point2'}
    pictures = Da2k(archive(tmp_path / 'a.zip', {'images/indoor/a.jpg': [swapped]}))

    assert pictures.pairs('images/indoor/a.jpg') == (PointPair((1, 30), (20, 3)),)


@pytest.mark.parametrize('answer', [truthful, disparity])
def test_known_answers_give_hand_counted_shares(answer, tmp_path):
    outcome = score_da2k(Da2k(archive(tmp_path / 'a.zip', ANNOTATIONS)), answer)

    assert outcome.problems == ()
    assert {scene: (tally.right, tally.pairs) for scene, tally in outcome.score.scenes.items()} == {
        'indoor': (2, 3),
        'object': (1, 1),
    }
    # By pairs 3 of 4, where the scenes' own mean would be 5 of 6.
    assert outcome.score.mean.accuracy == 0.75
    assert outcome.wrong == {'images/indoor/b.jpg': (PointPair((25, 1), (2, 2)),)}


def test_ties_are_wrong(tmp_path):
    def flat(picture: AnnotatedPicture) -> Depth:
        return Depth(np.ones((HEIGHT, WIDTH), np.float32), DepthKind.RELATIVE, (HEIGHT, WIDTH))

    outcome = score_da2k(Da2k(archive(tmp_path / 'a.zip', ANNOTATIONS)), flat)

    assert outcome.score.mean.right == 0


def test_smaller_depth_is_brought_to_the_size_of_the_picture(tmp_path):
    def small(picture: AnnotatedPicture) -> Depth:
        values = cv2.resize(truthful(picture).values, (WIDTH // 2, HEIGHT // 2))
        return Depth(values, DepthKind.METRIC, values.shape)

    outcome = score_da2k(Da2k(archive(tmp_path / 'a.zip', ANNOTATIONS)), small)

    assert outcome.score.mean.right == 3


def test_what_cannot_be_scored_is_named_and_not_counted(tmp_path):
    annotations = {
        **ANNOTATIONS,
        'images/indoor/gone.jpg': [pair((0, 0), (1, 1))],
        'images/aerial/broken.jpg': [pair((0, 0), (1, 1))],
        'images/aerial/outside.jpg': [pair((0, 0), (30, 1))],
        'images/aerial/halves.jpg': [pair((0.5, 0), (3, 1))],
        'images/aerial/nobody.jpg': [{'point1': [0, 0], 'point2': [1, 1]}],
        'images/aerial/neither.jpg': [{**pair((0, 0), (1, 1)), 'closer_point': 'both'}],
        '../outside.jpg': [pair((0, 0), (1, 1))],
    }
    others = {'images/indoor/gone.jpg': b'', 'images/aerial/broken.jpg': encoded()[:200]}
    path = archive(tmp_path / 'a.zip', annotations, **others)
    told: list[int] = []

    def answer(picture: AnnotatedPicture) -> Depth:
        if picture.key.endswith('c.jpg'):
            raise SampleError('no depth of c.jpg', 'has no prediction')
        return truthful(picture)

    outcome = score_da2k(Da2k(path), answer, told.append)

    assert outcome.score.mean.pairs == 3
    reasons = {problem.name.rpartition('/')[2]: problem.reason for problem in outcome.problems}
    assert set(reasons) == {
        'gone.jpg', 'broken.jpg', 'outside.jpg', 'halves.jpg', 'nobody.jpg', 'neither.jpg', 'c.jpg',
    }  # fmt: skip
    assert 'missing' in reasons['gone.jpg']
    assert 'row 30' in reasons['outside.jpg'] or 'no path below' in reasons['outside.jpg']
    assert len([1 for problem in outcome.problems if problem.name.endswith('outside.jpg')]) == 2
    assert reasons['c.jpg'] == 'has no prediction'
    assert told == [1, 2, 3, 4, 5]


def no_archive(path: Path) -> None:
    path.write_bytes(b'no archive')


def cut_archive(path: Path) -> None:
    content = archive(path, ANNOTATIONS).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def without_annotations(path: Path) -> None:
    with zipfile.ZipFile(path, 'w') as file:
        file.writestr('DA-2K/images/indoor/a.jpg', encoded())


def a_list(path: Path) -> None:
    archive(path, [])


@pytest.mark.parametrize('make', [no_archive, cut_archive, without_annotations, a_list])
def test_what_is_not_da2k_is_refused(make: Callable[[Path], None], tmp_path):
    make(tmp_path / 'DA-2K.zip')

    with pytest.raises(DataError, match=r'DA-2K\.zip'):
        Da2k(tmp_path / 'DA-2K.zip')


@pytest.mark.parametrize('seed', range(20))
def test_bytes_that_changed_are_named(seed, tmp_path):
    path = archive(tmp_path / 'a.zip', ANNOTATIONS, compression=zipfile.ZIP_DEFLATED)
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for place in rng.integers(0, len(content), 6):
        content[place] ^= int(rng.integers(1, 256))
    path.write_bytes(content)

    try:
        outcome = score_da2k(Da2k(path), truthful)
    except DataError as error:
        assert 'a.zip' in str(error)
    else:
        assert outcome.score.mean.pairs + len(outcome.problems) > 0


def test_nothing_there_is_refused(tmp_path):
    with pytest.raises(DataError, match='does not exist'):
        Da2k(tmp_path / 'DA-2K.zip')
    with pytest.raises(EmptyError, match='no annotated picture'):
        Da2k(archive(tmp_path / 'a.zip', {}))


def test_scene_is_a_folder_of_the_path():
    assert scene_of('images/non_real/x.jpg') == 'non_real'
    assert scene_of('images/aerial/2024/x.jpg') == 'aerial'
    assert scene_of('images/kitchens/x.jpg') == 'kitchens'
    assert scene_of('x.jpg') == 'unknown'


def test_facts_of_the_released_file():
    assert sum(SCENES.values()) == 2068
    small = PUBLISHED[0]
    # The paper's mean weighs pairs: the scenes' own mean of this row is 95.8.
    weighed = sum(small.scenes[scene] * count for scene, count in SCENES.items()) / 2068
    assert weighed == pytest.approx(small.mean, abs=0.1)
    assert np.mean(list(small.scenes.values())) == pytest.approx(95.8, abs=0.05)


def test_marks_are_where_the_points_are():
    picture = AnnotatedPicture('k', 'indoor', np.full((1500, 2048, 3), 90, np.uint8), ())

    marked = mark(picture, (PointPair((300, 400), (1200, 1600)),))

    assert marked.shape == (750, 1024, 3)
    assert marked[150, 200].tolist() == [0, 220, 0]
    ring = marked[600, 800 - 14 : 800 + 15].astype(int)
    assert (ring[:, 0] > ring[:, 1] + 100).sum() >= 4
    assert (marked[:50] == 90).all()


def test_written_outcome(tmp_path):
    pictures = Da2k(archive(tmp_path / 'a.zip', ANNOTATIONS))
    outcome = score_da2k(pictures, truthful)

    write_outcome(outcome, pictures, 'rows', tmp_path / 'out')

    found = json.loads((tmp_path / 'out' / 'da-2k.json').read_text())
    assert found == json.loads(json.dumps(summary(outcome, 'rows')))
    assert found['scores']['mean'] == {'accuracy': 0.75, 'right': 3, 'pairs': 4}
    assert found['wrong'] == {'images/indoor/b.jpg': [{'point1': [25, 1], 'point2': [2, 2]}]}
    assert (tmp_path / 'out' / 'da-2k.md').read_text() == table(outcome, 'rows')
    marked = cv2.imread(str(tmp_path / 'out' / 'wrong' / 'indoor' / 'b.jpg'))
    assert marked.shape == (HEIGHT, WIDTH, 3)
    assert len(list((tmp_path / 'out' / 'wrong').rglob('*.jpg'))) == 1


def test_marked_pictures_of_an_earlier_run_go_and_other_files_stay(tmp_path):
    pictures = Da2k(archive(tmp_path / 'a.zip', ANNOTATIONS))
    outcome = score_da2k(pictures, truthful)
    wrong = tmp_path / 'out' / 'wrong'
    (wrong / 'indoor').mkdir(parents=True)
    right = next(key for key in pictures.keys if key not in outcome.wrong)
    earlier = wrong / (right.removeprefix('images/').rpartition('.')[0] + '.jpg')
    earlier.parent.mkdir(exist_ok=True)
    earlier.write_bytes(b'marked')
    (wrong / 'notes.jpg').write_bytes(b'mine')

    write_outcome(outcome, pictures, 'rows', tmp_path / 'out')

    assert sorted(path.relative_to(wrong).as_posix() for path in wrong.rglob('*.jpg')) == [
        'indoor/b.jpg',
        'notes.jpg',
    ]


def test_interval_is_of_pictures_not_of_pairs(tmp_path):
    # Half of the pictures have all of their pairs right, the other half none.
    def annotations(pictures: int, pairs: int) -> dict[str, Any]:
        right, wrong = pair((1, 1), (20, 2)), pair((20, 2), (1, 1))
        return {
            f'images/indoor/{number}.jpg': [right if number % 2 else wrong] * pairs
            for number in range(pictures)
        }

    few, many = (
        score_da2k(Da2k(archive(tmp_path / f'{at}.zip', annotations(at, 2))), truthful)
        for at in (16, 64)
    )

    for outcome, pictures in ((few, 16), (many, 64)):
        low, high = outcome.interval
        # The deviation of a mean of so many coins is 1 / (2 sqrt(pictures)).
        assert high - low == pytest.approx(2 * 1.96 * 0.5 / pictures**0.5, rel=0.1)
        assert (low + high) / 2 == pytest.approx(0.5, abs=0.05)
    assert 'mean with 95 % from' in table(few, 'rows')
    assert summary(few, 'rows')['mean_interval_95'] == [round(end, 5) for end in few.interval]


def test_table_has_the_method_beside_the_published(tmp_path):
    outcome = score_da2k(Da2k(archive(tmp_path / 'a.zip', ANNOTATIONS)), truthful)

    head, _, ours, *others, _, note = table(outcome, 'rows').splitlines()

    assert head.split(' | ')[:3] == ['| method', 'mean', 'indoor']
    assert ours.startswith('| rows | 75.0 | 66.7 |')
    assert 'measured here, 4 pairs' in ours
    assert '2068 pairs' in note
    assert others[0].startswith('| Depth Anything V2 Small | 95.3 | 92.9 | 93.0 |')
    assert {line.count('|') for line in (head, ours, *others)} == {12}


def test_sample_of_the_released_file(shared_data, tmp_path):
    annotations = json.loads((shared_data / 'da2k' / 'annotations_subset.json').read_text())
    blank = bytes(cv2.imencode('.jpg', np.zeros((2048, 2048, 3), np.uint8))[1])
    path = archive(tmp_path / 'a.zip', annotations, **dict.fromkeys(annotations, blank))

    pictures = Da2k(path)

    assert (len(pictures), list(pictures.problems)) == (15, [])
    assert pictures.pair_count == sum(map(len, annotations.values()))
    assert {pictures.read(index).scene for index in range(15)} <= set(SCENES)
