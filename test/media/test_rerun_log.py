# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/rerun_log.py and media/rerun_window.py: recordings read by Rerun itself."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media import rerun_window
from depth_anything_ros.media.album import Album, Entry, Shot
from depth_anything_ros.media.color import ColorMapError
from depth_anything_ros.media.rerun_log import CLOUD, DEPTH, PICTURE, RerunError, write_recording

HEIGHT, WIDTH = 24, 32
RGB = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
METRES = np.full((HEIGHT, WIDTH), 2.0, np.float32)
CAMERA = Intrinsics(WIDTH, HEIGHT, 30.0, 30.0, WIDTH / 2, HEIGHT / 2)


class Recording:
    """What Rerun's own reader finds in a recording.

    ``components`` has for each entity the values of its components, those of static ones too, and
    ``times`` the values of each time line.
    """

    def __init__(self, path):
        reader = pytest.importorskip('rerun.chunk', reason='older versions read otherwise')
        self.components, self.times = {}, {}
        for chunk in reader.RrdReader(str(path)).stream():
            table = chunk.to_record_batch()
            for column in table.schema:
                facts = {k.decode(): v.decode() for k, v in (column.metadata or {}).items()}
                values = table.column(column.name)
                if facts.get('rerun:kind') == 'index':
                    found = self.times.setdefault(facts['rerun:index_name'], set())
                    found.update(values.cast('int64').to_pylist())
                elif facts.get('rerun:kind') == 'data':
                    found = self.components.setdefault(chunk.entity_path.strip('/'), {})
                    known = [value for value in values.to_pylist() if value is not None]
                    found.setdefault(facts['rerun:component'], []).extend(known)

    def of(self, entity, component):
        return self.components[entity][component]


def album(*shots):
    entries = [
        Entry(f'picture {i}', lambda shot=shot: shot, 10**18 + i * 10**9)
        for i, shot in enumerate(shots)
    ]
    return Album('run', entries)


def written(tmp_path, *shots):
    pytest.importorskip('rerun')
    assert write_recording(tmp_path / 'sub/a.rrd', album(*shots)) == {}
    assert [p.name for p in (tmp_path / 'sub').iterdir()] == ['a.rrd']
    return Recording(tmp_path / 'sub/a.rrd')


def test_metres_have_picture_depth_camera_and_points_in_space(tmp_path):
    values = METRES.copy()
    values[0, :5] = [np.nan, np.inf, -np.inf, 0, 3]
    found = written(tmp_path, Shot(RGB, values, DepthKind.METRIC, camera=CAMERA))

    assert set(found.components) >= {'world', 'world/camera', 'name', PICTURE, DEPTH, CLOUD}
    (buffer,) = found.of(DEPTH, 'DepthImage:buffer')
    depth = np.array(buffer[0], np.uint8).view(np.float32).reshape(HEIGHT, WIDTH)
    np.testing.assert_array_equal(depth, values)
    assert found.of(DEPTH, 'DepthImage:meter') == [[1.0]]
    (matrix,) = found.of('world/camera', 'Pinhole:image_from_camera')
    assert matrix[0] == [30, 0, 0, 0, 30, 0, WIDTH / 2, HEIGHT / 2, 1]
    (points,) = found.of(CLOUD, 'Points3D:positions')
    points = np.array(points)
    assert HEIGHT * WIDTH - 60 < len(points) <= HEIGHT * WIDTH - 4
    assert np.isfinite(points).all() and np.median(points[:, 2]) == 2
    assert points[points[:, 2] == 2, 0].min() == pytest.approx(-2 * WIDTH / 2 / 30, abs=1e-5)
    assert len(found.of(CLOUD, 'Points3D:colors')[0]) == len(points)


def test_the_time_lines_have_number_and_time_of_each_picture(tmp_path):
    found = written(tmp_path, Shot(RGB), Shot(RGB), Shot(RGB))

    assert found.times['picture'] == {0, 1, 2}
    assert found.times['time'] == {10**18 + i * 10**9 for i in range(3)}
    names = [text[0] for text in found.of('name', 'TextDocument:text')]
    assert names == ['picture 0', 'picture 1', 'picture 2']


def test_disparity_is_in_no_space_and_what_a_picture_lacks_is_cleared(tmp_path):
    metric = Shot(RGB, METRES, DepthKind.METRIC, camera=CAMERA)
    relative = Shot(RGB, 3 * METRES, DepthKind.RELATIVE, camera=CAMERA)
    found = written(tmp_path, metric, relative)

    (tensor,) = found.of('disparity', 'Tensor:data')
    assert tensor[0]['shape'] == [HEIGHT, WIDTH]
    assert set(tensor[0]['buffer']) == {6.0}
    for entity in (CLOUD, DEPTH, 'world/camera', 'disparity'):
        assert found.of(entity, 'Clear:is_recursive') == [[False]], entity
    assert len(found.of(CLOUD, 'Points3D:positions')) == 1


def test_what_cannot_be_read_is_told_and_the_others_are_there(tmp_path):
    pytest.importorskip('rerun')

    def bad():
        raise ValueError('it is cut short')

    told = []
    made = album(Shot(RGB))
    made.entries.insert(0, Entry('bad', bad))
    failed = write_recording(tmp_path / 'a.rrd', made, told=lambda e, why: told.append(why))

    assert failed == {'bad': 'it is cut short'} and told == ['it is cut short', None]
    assert Recording(tmp_path / 'a.rrd').times['picture'] == {1}


def test_what_fails_leaves_no_file(tmp_path):
    pytest.importorskip('rerun')
    (tmp_path / 'file').write_text('')

    with pytest.raises(ColorMapError):
        write_recording(tmp_path / 'a.rrd', album(Shot(RGB)), colormap='rainbow')
    with pytest.raises(OSError):
        write_recording(tmp_path / 'file/a.rrd', album(Shot(RGB)))
    assert [p.name for p in tmp_path.iterdir()] == ['file']


def test_without_rerun_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'rerun', None)
    with pytest.raises(RerunError, match=r'depth_anything_ros\[view\]'):
        write_recording(tmp_path / 'a.rrd', album())

    # Another package has the same name.
    other = types.ModuleType('rerun')
    monkeypatch.setitem(sys.modules, 'rerun', other)
    monkeypatch.setitem(sys.modules, 'rerun.blueprint', types.ModuleType('rerun.blueprint'))
    with pytest.raises(RerunError, match='not the viewer'):
        write_recording(tmp_path / 'a.rrd', album())


def test_the_viewer_listens_on_this_machine_alone(tmp_path, monkeypatch):
    for web in (False, True):
        words = rerun_window.command(tmp_path / 'a.rrd', web)
        assert words[words.index('--bind') + 1] == '127.0.0.1'
        assert ('--serve-web' in words) is web and words[-1] == str(tmp_path / 'a.rrd')

    monkeypatch.setattr(rerun_window, 'command', lambda *_: [sys.executable, '-c', 'exit(3)'])
    with pytest.raises(RerunError, match='--web'):
        rerun_window.show(tmp_path / 'a.rrd')
    monkeypatch.setattr(rerun_window, 'command', lambda *_: [sys.executable, '-c', ''])
    rerun_window.show(tmp_path / 'a.rrd')


def test_times_from_the_beginning_are_no_dates(tmp_path):
    pytest.importorskip('rerun')
    entries = [Entry('a', lambda: Shot(RGB), 0), Entry('b', lambda: Shot(RGB), 40_000_000)]
    write_recording(tmp_path / 'a.rrd', Album('run', entries))

    times = Recording(tmp_path / 'a.rrd').times
    assert times['seconds'] == {0, 40_000_000} and 'time' not in times


def test_pictures_and_depth_keep_to_the_size_that_was_asked_for(tmp_path):
    pytest.importorskip('rerun')
    made = Shot(RGB, METRES, DepthKind.METRIC, camera=CAMERA)
    write_recording(tmp_path / 'a.rrd', album(made), max_side=16)

    found = Recording(tmp_path / 'a.rrd')
    assert len(found.of(DEPTH, 'DepthImage:buffer')[0][0]) == 16 * 12 * 4
    assert found.of('world/camera', 'Pinhole:resolution') == [[[16, 12]]]
    (points,) = found.of(CLOUD, 'Points3D:positions')
    assert np.array(points)[:, 0].min() == pytest.approx(-2 * WIDTH / 2 / 30, abs=1e-5)
