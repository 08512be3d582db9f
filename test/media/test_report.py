# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/report.py: the page as a file. test_report_browser.py opens it."""

from __future__ import annotations

import base64
import hashlib
import zlib

import numpy as np
import pytest
from report_page import Page, addresses

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.album import Album, Entry, Shot
from depth_anything_ros.media.album_edges import is_ramp
from depth_anything_ros.media.color import ColorMapError
from depth_anything_ros.media.report import ReportStyle, write_report

RNG = np.random.default_rng(0)
NAMES = [
    '</script><script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '"quoted\' & <b>bold</b>',
    '<!-- --!> ]]> $title ${script}',
    'Ω/été/写真\u2028line',
    'broken \udcff byte',
]


def shot(height=24, width=32, kind=DepthKind.METRIC):
    rgb = RNG.integers(0, 255, (height, width, 3), np.uint8)
    values = RNG.uniform(0.5, 20, (height, width)).astype(np.float32)
    camera = Intrinsics(width, height, 30.0, 30.0, width / 2, height / 2)
    return Shot(rgb, values, kind, camera=camera, camera_from='fov')


def entry(name, made):
    return Entry(name, lambda: made)


def failing(name, error):
    def load():
        raise error

    return Entry(name, load)


def written(tmp_path, album, **style):
    path = tmp_path / 'report.html'
    facts = write_report(path, album, ReportStyle(**style))
    page = Page(path)
    assert page.open == []
    assert facts.size == path.stat().st_size
    assert list(tmp_path.iterdir()) == [path]
    return page, facts


def test_a_page_is_whole_and_asks_for_nothing(tmp_path):
    page, facts = written(tmp_path, Album('run', [entry('a/1', shot())]))

    assert addresses(page.text) == []
    names = {tag for tag, _ in page.elements}
    assert not names & {'link', 'iframe', 'object', 'embed', 'base', 'form'}
    loaded = {name for _, found in page.elements for name in found} & {'src', 'href', 'srcset'}
    assert not loaded
    handlers = [name for _, found in page.elements for name in found if name.startswith('on')]
    assert handlers == [] and 'style' not in {n for _, found in page.elements for n in found}
    assert facts.shown == 1 and not facts.failed


def test_the_policy_allows_the_one_script_and_style_of_the_page(tmp_path):
    page, _ = written(tmp_path, Album('run', [entry('a', shot())]))

    (policy,) = (e['content'] for t, e in page.elements if e.get('http-equiv'))
    assert "default-src 'none'" in policy and 'unsafe' not in policy
    (script,) = page.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize('kind', DepthKind)
def test_values_and_camera_are_those_of_the_depth(tmp_path, kind):
    made = shot(48, 64, kind)
    page, _ = written(tmp_path, Album('run', [entry('a', made)]), max_side=64)

    (facts,) = page.data['pictures']
    step = np.log(40) / 4091 if kind is DepthKind.METRIC else 20 / 4091
    error = np.log(page.values(0) / made.values) if kind is DepthKind.METRIC else (
        page.values(0) - made.values
    )  # fmt: skip
    assert np.abs(error).max() <= step
    assert facts['kind'] == kind.value and facts['whole'] == facts['grid'] == [64, 48]
    assert facts['camera'] == [30, 30, 32, 24]
    assert page.picture('picture-0').shape == (48, 64, 3)


def test_pictures_and_depth_keep_to_the_size_that_was_asked_for(tmp_path):
    made = shot(60, 80)
    page, _ = written(tmp_path, Album('run', [entry('a', made)]), max_side=20)

    (facts,) = page.data['pictures']
    assert (facts['size'], facts['grid'], facts['whole']) == ([80, 60], [20, 15], [80, 60])
    assert page.picture('picture-0').shape == (15, 20, 3)
    expected = made.values[2::4, 2::4]
    np.testing.assert_allclose(page.values(0), expected, rtol=1e-3)
    # The middle of a pixel of the grid is that of the four by four that it stands for.
    assert facts['camera'] == pytest.approx([7.5, 7.5, 40.5 / 4 - 0.5, 30.5 / 4 - 0.5])


@pytest.mark.parametrize('name', NAMES)
def test_a_name_is_text_wherever_it_stands(tmp_path, name):
    album = Album(name, [entry(name, shot())], {name: name}, {name: name}, [name])
    page, _ = written(tmp_path, album)

    data = page.data
    assert data['pictures'][0]['name'] == data['title'] == name
    assert data['settings'] == data['failed'] == [[name, name]]
    assert len(page.scripts) == 1 and 'img' not in page.blocks
    assert sum(tag == 'img' for tag, _ in page.elements) == 1  # the viewer's own


def test_flying_pixels_of_metres_are_told(tmp_path):
    row = np.concatenate([np.full(20, 2.0), [2.5, 3.0, 3.5], np.full(20, 4.0)])
    metres = np.tile(row.astype(np.float32), (9, 1))
    shots = [Shot(None, metres, kind) for kind in DepthKind]
    page, _ = written(tmp_path, Album('run', [entry('relative', shots[0]), entry('m', shots[1])]))

    bits = np.frombuffer(zlib.decompress(base64.b64decode(page.blocks['ramps-1'])), np.uint8)
    told = np.unpackbits(bits)[: metres.size].reshape(metres.shape).astype(bool)
    assert (told == is_ramp(metres, 0)).all() and told.any()
    assert 'ramps-0' not in page.blocks
    page, _ = written(tmp_path, Album('run', [entry('m', shots[1])]), max_jump=0.0)
    assert not any(zlib.decompress(base64.b64decode(page.blocks['ramps-0'])))


def test_what_cannot_be_read_is_listed_and_the_others_are_shown(tmp_path):
    told = []
    album = Album(
        'run',
        [
            failing('bad', ValueError('it is cut short')),
            entry('good', shot()),
            failing('x', OSError()),
        ],
        failed={'z.jpg': 'it is empty'},
    )
    path = tmp_path / 'report.html'
    facts = write_report(path, album, told=lambda e, reason: told.append((e.name, reason)))

    page = Page(path)
    assert [p['name'] for p in page.data['pictures']] == ['good']
    expected = {'z.jpg': 'it is empty', 'bad': 'it is cut short', 'x': 'OSError'}
    assert dict(page.data['failed']) == expected
    assert facts.failed == {'bad': 'it is cut short', 'x': 'OSError'}
    assert told == [('bad', 'it is cut short'), ('good', None), ('x', 'OSError')]
    assert page.data['summary'] == '1 picture with depth in metres, 3 failed'


def test_a_run_of_failures_alone_and_an_empty_one_are_reports(tmp_path):
    page, facts = written(tmp_path, Album('run', [], failed={'a': 'it is empty'}))
    assert (facts.shown, page.data['pictures']) == (0, [])

    page, facts = written(tmp_path, Album('run'))
    assert page.data['summary'] == '0 pictures'


def test_one_pixel_and_none_that_is_known(tmp_path):
    one = Shot(np.full((1, 1, 3), 7, np.uint8), np.array([[2.5]], np.float32), DepthKind.METRIC)
    none = Shot(None, np.full((3, 4), np.nan, np.float32), DepthKind.METRIC)
    sky = Shot(None, np.array([[np.inf, -np.inf]], np.float32), DepthKind.METRIC)
    entries = [entry('one', one), entry('none', none), entry('sky', sky)]
    page, facts = written(tmp_path, Album('run', entries))

    assert facts.shown == 3
    np.testing.assert_allclose(page.values(0), [[2.5]])
    assert np.isnan(page.values(1)).all()
    assert [p['known'] for p in page.data['pictures']] == [True, False, False]
    np.testing.assert_array_equal(page.values(2), [[np.inf, -np.inf]])


def test_colours_alone_pictures_alone_and_depth_alone(tmp_path):
    rgb = np.full((6, 8, 3), 90, np.uint8)
    entries = [entry('colours', Shot(rgb, painted=rgb)), entry('picture', Shot(rgb))]
    values = np.ones((6, 8), np.float32)
    entries.append(entry('depth', Shot(None, values, DepthKind.RELATIVE)))
    page, _ = written(tmp_path, Album('run', entries))

    has = [
        (bool(p.get('picture')), bool(p.get('painted')), p.get('kind'))
        for p in page.data['pictures']
    ]
    assert has == [(True, True, None), (True, False, None), (False, False, 'relative')]
    assert page.data['summary'] == '3 pictures, 1 with disparity, 2 without depth values'


def test_an_unknown_colour_map_and_an_unwritable_folder_leave_nothing(tmp_path):
    album = Album('run', [entry('a', shot())])
    with pytest.raises(ColorMapError):
        write_report(tmp_path / 'a.html', album, ReportStyle(colormap='rainbow'))
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError):
        write_report(tmp_path / 'file/a.html', album)
    assert [p.name for p in tmp_path.iterdir()] == ['file']


def test_thinned_albums_are_even_and_say_so():
    album = Album('run', [entry(str(i), shot()) for i in range(10)])

    few = album.thinned(3)

    assert [e.name for e in few.entries] == ['1', '5', '8']
    assert few.notes == ['3 of 10 pictures are shown, evenly spaced.']
    assert album.thinned(10) is album
