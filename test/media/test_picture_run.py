# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/picture_run.py and media/picture_depth.py."""

import errno
import math
import threading

import cv2
import numpy as np
import pytest

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media import depth_files
from depth_anything_ros.media.calibration import Calibration, CalibrationError
from depth_anything_ros.media.picture_depth import DepthOptions, LensChoice, finished
from depth_anything_ros.media.picture_list import list_pictures
from depth_anything_ros.media.picture_reader import Picture
from depth_anything_ros.media.picture_run import Job, OutputError, PictureRun, pixels_in_hand
from depth_anything_ros.media.run_journal import RunJournal


class Brightness:
    """Stands in for a network: depth is what the green channel says."""

    kind, max_depth = DepthKind.RELATIVE, None

    def __init__(self):
        self.batches = []

    def estimate_batch(self, pictures):
        self.batches.append(len(pictures))
        if any(picture.shape[0] == 13 for picture in pictures):
            raise RuntimeError('unlucky')
        return [Depth(p[..., 1].astype(np.float32), self.kind, (14, 14)) for p in pictures]


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / 'in'
    source.mkdir()
    for index in range(7):
        cv2.imwrite(str(source / f'{index}.png'), np.full((10, 12, 3), 30 * index, np.uint8))
    return source


def run(folder, formats=('npy',), resume=False, batch=1, estimator=None, **arguments):
    output = folder.parent / 'out'
    journal = RunJournal(output, {}, resume)
    estimator = estimator or Brightness()
    try:
        made = PictureRun(estimator, Job(output, formats), journal, batch, **arguments)
        return made(list_pictures([str(folder)]).entries), estimator
    finally:
        journal.close()


def test_every_picture_gets_its_own_depth(folder):
    outcome, _ = run(folder)

    assert (outcome.written, outcome.skipped, outcome.failed) == (7, 0, {})
    for index in range(7):
        assert (np.load(folder.parent / f'out/{index}_depth.npy') == 30 * index).all()


def test_pictures_of_one_size_share_a_pass(folder):
    cv2.imwrite(str(folder / '2.png'), np.zeros((20, 12, 3), np.uint8))

    outcome, estimator = run(folder, batch=4)

    assert outcome.written == 7
    assert estimator.batches == [2, 1, 4]


def test_what_fails_is_named_and_stops_nothing(folder):
    (folder / '1.png').write_bytes(b'no picture')
    cv2.imwrite(str(folder / '3.png'), np.zeros((13, 12, 3), np.uint8))
    told = []

    outcome, _ = run(folder, told=lambda entry, reason: told.append(reason))

    assert outcome.written == 5
    assert {source[-5:]: reason for source, reason in outcome.failed.items()}['3.png'] == 'unlucky'
    assert len(outcome.failed) == 2 and len(told) == 7
    assert sum(reason is not None for reason in told) == 2


def test_going_on_does_only_what_is_missing(folder):
    (folder / '1.png').write_bytes(b'no picture')
    run(folder)
    cv2.imwrite(str(folder / '1.png'), np.full((10, 12, 3), 5, np.uint8))
    (folder.parent / 'out/4_depth.npy').write_bytes(b'cut')

    outcome, estimator = run(folder, resume=True)

    assert (outcome.written, outcome.skipped) == (2, 5)
    assert sum(estimator.batches) == 2
    assert (np.load(folder.parent / 'out/4_depth.npy') == 120).all()


def test_an_interruption_leaves_whole_files_that_are_all_noted(folder):
    class Interrupted(Brightness):
        def estimate_batch(self, pictures):
            if len(self.batches) == 4:
                raise KeyboardInterrupt
            return super().estimate_batch(pictures)

    with pytest.raises(KeyboardInterrupt):
        run(folder, estimator=Interrupted())
    there = {path.name for path in (folder.parent / 'out').glob('*.npy')}

    outcome, _ = run(folder, resume=True)

    assert outcome.skipped == len(there) >= 1
    assert outcome.written == 7 - len(there)
    names = sorted(path.name for path in (folder.parent / 'out').iterdir())
    assert names == [*(f'{index}_depth.npy' for index in range(7)), 'depth_anything.jsonl']


def test_a_full_disk_ends_the_run_at_once(folder, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(depth_files, 'write_whole', full)
    estimator = Brightness()

    with pytest.raises(OutputError, match='No space left.*--resume'):
        run(folder, estimator=estimator, jobs=1)
    assert len(estimator.batches) < 7


def test_few_pictures_are_in_memory_at_once(folder, monkeypatch):
    monkeypatch.setattr('depth_anything_ros.media.picture_run.PIXELS_IN_HAND', 1)
    reading, most, lock = [0], [0], threading.Lock()

    class Counting(Brightness):
        def estimate_batch(self, pictures):
            with lock:
                most[0] = max(most[0], reading[0] - len(self.batches))
            return super().estimate_batch(pictures)

    from depth_anything_ros.media import picture_run

    plain = picture_run.read

    def counted(source):
        with lock:
            reading[0] += 1
        return plain(source)

    monkeypatch.setattr(picture_run, 'read', counted)
    for index in range(7, 30):
        cv2.imwrite(str(folder / f'{index}.png'), np.zeros((10, 12, 3), np.uint8))
    run(folder, estimator=Counting(), jobs=1)

    # The first look ahead is made before any size is known.
    assert most[0] <= 4


@pytest.mark.parametrize(
    ('left', 'pixels'), [(None, 200_000_000), (2**40, 200_000_000), (4 * 10**8, 10**7), (0, 0)]
)
def test_pixels_in_hand_follow_the_memory_that_is_left(monkeypatch, left, pixels):
    monkeypatch.setattr('depth_anything_ros.media.picture_run.available_bytes', lambda: left)
    assert pixels_in_hand() == pixels


def test_with_hardly_any_memory_left_pictures_are_done_one_by_one(folder, monkeypatch):
    monkeypatch.setattr('depth_anything_ros.media.picture_run.available_bytes', lambda: 0)
    outcome, _ = run(folder)
    assert (outcome.written, outcome.failed) == (7, {})


def depth_of(values, kind=DepthKind.METRIC):
    return Depth(np.array(values, np.float32), kind, (14, 14))


def test_metres_follow_from_a_scale_and_their_ends_are_told():
    picture = Picture(np.zeros((1, 4, 3), np.uint8), None)
    depth = depth_of([[0.0, 1.0, 4.5, np.nan]], DepthKind.RELATIVE)

    made, _ = finished(picture, depth, None, DepthOptions(scale=(0.2, 0.1), farthest=5.0))

    assert made.kind is DepthKind.METRIC
    np.testing.assert_allclose(made.values, [[np.inf, 1 / 0.3, 1.0, np.nan]], rtol=1e-6)


def test_saturated_metres_are_beyond_range():
    picture = Picture(np.zeros((1, 3, 3), np.uint8), None)

    made, _ = finished(picture, depth_of([[1.0, 19.7, 19.9]]), 20.0, DepthOptions())

    np.testing.assert_allclose(made.values, [[1.0, 19.7, np.inf]], rtol=1e-6)


RAMP = np.tile([*[2.0] * 12, 2.5, 3.0, 3.5, *[4.0] * 12], (16, 1))


def test_ramps_are_left_out_of_points_and_on_request_of_depth():
    rgb = np.zeros((*RAMP.shape, 3), np.uint8)
    depth = Depth(RAMP.astype(np.float32), DepthKind.METRIC, RAMP.shape)
    ramp = slice(12, 15)

    plain, _ = finished(Picture(rgb, None), depth, None, DepthOptions(points=True))
    assert np.isnan(plain.points[:, ramp]).all() and (plain.values == RAMP).all()
    clean, _ = finished(Picture(rgb, None), depth, None, DepthOptions(points=True, clean=True))
    assert np.isnan(clean.values[:, ramp]).all() and np.isfinite(clean.values).sum() == 16 * 24
    np.testing.assert_array_equal(clean.points, plain.points)
    kept, _ = finished(Picture(rgb, None), depth, None, DepthOptions(clean=True, max_jump=0.0))
    assert (kept.values == RAMP).all()


def test_ramps_of_disparity_are_nobodys_business_and_of_scaled_disparity_they_are():
    rgb = np.zeros((*RAMP.shape, 3), np.uint8)
    depth = Depth((1 / RAMP).astype(np.float32), DepthKind.RELATIVE, RAMP.shape)

    made, _ = finished(Picture(rgb, None), depth, None, DepthOptions(clean=True))
    assert np.isfinite(made.values).all() and made.kind is DepthKind.RELATIVE
    made, _ = finished(Picture(rgb, None), depth, None, DepthOptions(clean=True, scale=(1.0, 0.0)))
    assert np.isnan(made.values[:, 12:15]).all() and made.kind is DepthKind.METRIC


def test_points_are_where_the_camera_sees_them():
    camera = Intrinsics(3, 2, 10.0, 10.0, 1.0, 0.5)
    picture = Picture(np.zeros((2, 3, 3), np.uint8), camera)
    depth = depth_of([[2.0, 2.0, 2.0], [2.0, 2.0, np.inf]])

    made, lens = finished(picture, depth, 20.0, DepthOptions(points=True))

    assert lens.origin == 'exif'
    np.testing.assert_allclose(made.points[0, 2], [0.2, -0.1, 2.0], rtol=1e-6)
    assert np.isnan(made.points[1, 2]).all()


def test_the_camera_comes_from_calibration_field_of_view_exif_or_a_guess():
    exif = Intrinsics(40, 30, 33.0, 33.0, 20.0, 15.0)
    picture = Picture(np.zeros((30, 40, 3), np.uint8), exif)
    k = (80.0, 0.0, 40.0, 0.0, 90.0, 30.0, 0.0, 0.0, 1.0)
    known = Calibration(80, 60, 'c', 'plumb_bob', (0.1, 0, 0, 0, 0), k, (1.0,) * 9, (0.0,) * 12)

    by_file = LensChoice(known).of(picture)
    assert (by_file.intrinsics.fx, by_file.intrinsics.fy) == (40.0, 45.0)
    assert by_file.distortion.coefficients[0] == 0.1
    by_angle = LensChoice(fov=math.radians(90)).of(picture)
    assert by_angle.intrinsics.fx == pytest.approx(20.0)
    assert LensChoice().of(picture).intrinsics == exif
    guess = LensChoice().of(Picture(picture.rgb, None))
    assert guess.origin == 'guess'
    assert guess.intrinsics.fx == pytest.approx(20 / math.tan(math.radians(30)))
    with pytest.raises(CalibrationError, match='40x30'):
        LensChoice(Calibration(80, 80, 'c', '', (), k, (), ())).of(picture)
