# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report as a person meets it, in a headless Chromium; skipped where there is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from browser import BROWSER, Browser, BrowserError

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.album import Album, Entry, Shot
from depth_anything_ros.media.color import color_range
from depth_anything_ros.media.report import ReportStyle, write_report

pytestmark = pytest.mark.skipif(BROWSER is None, reason='no chromium on the PATH')

HEIGHT, WIDTH = 48, 64
HOSTILE = '</script><img src=x onerror="document.title=1">'


def metres() -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    values = (1.0 + rows / 20 + columns / 100).astype(np.float32)
    values[0, :8], values[1, :8], values[2, :8] = np.nan, np.inf, -np.inf
    return values


def disparity() -> np.ndarray:
    return np.linspace(9, 1, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    try:
        found = Browser(tmp_path_factory.mktemp('profile'))
    except (BrowserError, OSError) as error:  # such as a stub that wants a package installed
        pytest.skip(f'{BROWSER} does not start: {error}')
    with found:
        yield found


@pytest.fixture(scope='module')
def report(tmp_path_factory):
    """Write a report of five pictures: metres, disparity, colours alone, one pixel, depth alone."""
    green = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    green[..., 1] = 200
    camera = Intrinsics(WIDTH, HEIGHT, 60.0, 60.0, WIDTH / 2, HEIGHT / 2)
    one = np.full((1, 1), 2.5, np.float32)
    shots = {
        'b/metres': Shot(green, metres(), DepthKind.METRIC, camera=camera, camera_from='exif'),
        'a/disparity': Shot(green, disparity(), DepthKind.RELATIVE),
        HOSTILE: Shot(green, painted=green),
        'pixel': Shot(green[:1, :1], one, DepthKind.METRIC),
        'depth': Shot(None, metres(), DepthKind.METRIC),
    }
    entries = [Entry(name, lambda made=made: made) for name, made in shots.items()]
    album = Album('A run', entries, {'model': 'nano'}, {HOSTILE: 'it is empty'}, ['A note.'])
    path = tmp_path_factory.mktemp('report') / 'report.html'
    write_report(path, album, ReportStyle(max_side=WIDTH))
    return path


@pytest.fixture
def page(browser, report):
    """Open the report anew; afterwards nothing was complained of and nothing asked for."""
    browser.complaints.clear()
    browser.requests.clear()
    browser.size(1200, 800)
    browser.open('about:blank')
    browser.open(report.as_uri())
    yield browser
    warnings = [text for text in browser.complaints if 'GPU stall due to ReadPixels' not in text]
    assert warnings == []
    beyond = [a for a in browser.requests if not a.startswith(('data:', 'blob:', 'about:'))]
    assert {address.partition('#')[0] for address in beyond} <= {report.as_uri()}


def text(page: Browser, name: str) -> str:
    return str(page.run(f'document.getElementById("{name}").textContent'))


def cards(page: Browser) -> list[str]:
    found = page.run('[...document.querySelectorAll(".card b")].map((b) => b.textContent)')
    assert isinstance(found, list)
    return found


def open_picture(page: Browser, number: int) -> None:
    page.click(f'.card:nth-child({number})')
    page.wait('document.getElementById("viewer").open')
    page.wait('document.getElementById("hint").textContent')  # which comes last


def at_pixel(page: Browser, column: int, row: int) -> tuple[float, float]:
    left, top, width, height = page.box('#stage')
    return left + (column + 0.5) * width / WIDTH, top + (row + 0.5) * height / HEIGHT


def pixels(content: bytes, box: tuple[float, float, float, float]) -> np.ndarray:
    whole = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    left, top, width, height = map(round, box)
    return whole[top : top + height, left : left + width].astype(int)


def is_green(colours: np.ndarray) -> np.ndarray:
    return (colours[..., 1] > 150) & (colours[..., 0] < 60) & (colours[..., 2] < 60)


def test_the_page_tells_of_the_run_and_hostile_names_are_text(page):
    assert text(page, 'title') == 'A run'
    assert text(page, 'summary') == (
        '5 pictures, 3 with depth in metres, 1 with disparity, 1 without depth values, 1 failed'
    )
    assert cards(page) == ['b/metres', 'a/disparity', HOSTILE, 'pixel', 'depth']
    assert HOSTILE in text(page, 'failures') and 'it is empty' in text(page, 'failures')
    assert page.run('document.title') == 'A run: depth'
    page.wait('[...document.images].filter((i) => i.closest(".card")).every((i) => i.naturalWidth)')


def test_filter_and_sort(page):
    page.run('filter = document.getElementById("filter"), filter.focus(), 0')
    for letter in 'DeP':
        page.press(letter)
    assert cards(page) == ['depth'] and text(page, 'count') == '1 of 5'
    page.press('x')
    assert page.run('!document.getElementById("nothing").hidden')
    page.run('filter.value = "", filter.dispatchEvent(new Event("input")), 0')
    choose = (
        's = document.getElementById("sort"), s.value = "{}", '
        's.dispatchEvent(new Event("change")), 0'
    )
    page.run(choose.format('far'))
    assert cards(page)[-3:] == ['pixel', 'a/disparity', HOSTILE]
    page.run(choose.format('name'))
    assert cards(page)[0] == 'pixel'


def test_pointing_tells_the_value_of_the_pixel(page):
    open_picture(page, 1)
    values = metres()
    for column, row in ((40, 10), (63, 47), (10, 30)):
        page.mouse('mouseMoved', *at_pixel(page, column, row))
        told = text(page, 'value')
        assert f'x {column}, y {row}' in told
        assert float(told.split(' m')[0]) == pytest.approx(values[row, column], abs=2e-3)
    for row, words in enumerate(('unknown (NaN)', 'beyond range (+Inf)', 'too near (-Inf)')):
        page.mouse('mouseMoved', *at_pixel(page, 3, row))
        assert text(page, 'value').startswith(words)
    far, near = (1 / end for end in color_range(values, DepthKind.METRIC))
    assert text(page, 'near') == f'near {near:.3f} m' and text(page, 'far') == f'{far:.3f} m far'


def test_disparity_has_no_unit(page):
    open_picture(page, 2)
    page.mouse('mouseMoved', *at_pixel(page, 20, 20))

    told = text(page, 'value')
    assert 'no unit' in told and ' m' not in told.split('disparity')[0]
    assert float(told.split('disparity')[0]) == pytest.approx(disparity()[20, 20], abs=2e-3)
    assert text(page, 'space') == 'Relief'


def test_the_divider_follows_mouse_and_keys_and_covers_depth(page):
    open_picture(page, 1)
    slider = 'document.getElementById("divider").getAttribute("aria-valuenow")'
    assert page.run(slider) == '50'
    stage = page.box('#stage')
    half = is_green(pixels(page.picture(), stage))[: int(stage[3] * 0.4)]
    assert half[:, : int(stage[2] * 0.45)].mean() > 0.99
    assert half[:, int(stage[2] * 0.55) :].mean() < 0.01

    page.mouse('mousePressed', *at_pixel(page, 31, 12), button='left', buttons=1, clickCount=1)
    page.mouse('mouseMoved', *at_pixel(page, 40, 12), button='left', buttons=1)
    page.mouse('mouseMoved', *at_pixel(page, 50, 12), button='left', buttons=1)
    page.mouse('mouseReleased', *at_pixel(page, 50, 12), button='left', clickCount=1)
    dragged = int(page.run(slider))
    assert 75 <= dragged <= 82
    page.mouse('mouseMoved', *at_pixel(page, 10, 12))
    assert int(page.run(slider)) == dragged  # let go

    page.run('document.getElementById("divider").focus()')
    page.press('ArrowLeft')
    assert int(page.run(slider)) == dragged - 2
    page.press('End')
    assert page.run(slider) == '100'
    page.mouse('mouseMoved', 1, 1)
    assert is_green(pixels(page.picture(), stage))[: int(stage[3] * 0.4)].mean() > 0.95


def test_keys_go_on_back_and_close(page):
    open_picture(page, 1)
    for key, name in (
        ('n', 'a/disparity'),
        ('n', HOSTILE),
        ('p', 'a/disparity'),
        ('PageUp', 'b/metres'),
    ):
        page.press(key)
        page.wait(f'document.getElementById("name").textContent === {name!r}')
    page.press('p')
    page.wait('document.getElementById("name").textContent === "depth"')  # round the end
    assert page.run('location.hash') == '#picture=5'
    page.press('Escape', windowsVirtualKeyCode=27)
    page.wait('!document.getElementById("viewer").open')
    page.wait('location.hash === ""')
    page.wait('document.activeElement.textContent.startsWith("depth")')


def test_the_cross_reads_values_by_keyboard(page):
    open_picture(page, 1)
    page.run('document.getElementById("cross").focus()')
    page.press('ArrowDown')
    before = text(page, 'value')
    page.press('ArrowRight')

    assert 'x 32, y 25' in before and 'x 33, y 25' in text(page, 'value')
    assert page.run('document.activeElement.id') == 'cross'


def test_the_cloud_shows_points_and_turns(page):
    open_picture(page, 1)
    page.press('c')
    page.wait('!document.getElementById("cloud").hidden')
    box = page.box('#cloud')
    page.wait('document.getElementById("cloud").width > 300')
    middle = (box[0] + box[2] * 0.3, box[1] + box[3] * 0.3, box[2] * 0.4, box[3] * 0.4)
    drawn = settled(page, box)
    assert is_green(pixels(drawn, middle)).mean() > 0.5
    assert 'EXIF' in text(page, 'hint')

    page.run('document.getElementById("filled").click()')
    points = settled(page, box)
    page.run('document.getElementById("cloud").focus()')
    page.press('ArrowLeft')
    turned = settled(page, box)
    assert (pixels(turned, box) != pixels(points, box)).mean() > 0.01
    assert is_green(pixels(points, middle)).mean() > 0.2
    page.run('document.getElementById("by-depth").click()')
    coloured = settled(page, box)
    assert is_green(pixels(coloured, middle)).mean() < 0.1
    page.press('c')
    page.wait('document.getElementById("cloud").hidden')


def settled(page: Browser, box: tuple[float, float, float, float]) -> bytes:
    """Return what the window shows once it shows points and stays as it is."""
    before = b''
    for _ in range(60):
        now = page.picture()
        if now == before and len(np.unique(pixels(now, box).reshape(-1, 3), axis=0)) > 2:
            return now
        before = now
    raise AssertionError('the cloud is not drawn')


def test_a_relief_says_that_it_has_no_scale(page):
    open_picture(page, 2)
    page.click('#space')
    settled(page, page.box('#cloud'))

    assert 'without scale' in text(page, 'hint') and 'not metres' in text(page, 'hint')


def test_pictures_without_values_or_of_one_pixel_open(page):
    open_picture(page, 3)
    assert 'no values' in text(page, 'value')
    assert page.run('document.getElementById("space").disabled')
    page.press('n')
    page.wait('document.getElementById("name").textContent === "pixel"')
    page.wait('!document.getElementById("scale").hidden')
    left, top, width, height = page.box('#stage')
    page.mouse('mouseMoved', left + width / 4, top + height / 2)
    assert text(page, 'value').startswith('2.500 m')


@pytest.mark.parametrize('dark', [False, True])
def test_a_telephone_shows_all_of_it(page, report: Path, dark: bool):
    page.size(360, 740, phone=True, dark=dark)
    page.open('about:blank')
    page.open(f'{report.as_uri()}#picture=1')
    page.wait('document.getElementById("viewer").open')
    page.wait('!document.getElementById("scale").hidden')
    for wide in ('document.documentElement', 'document.getElementById("viewer")'):
        assert page.run(f'{wide}.scrollWidth') <= 360
    inside = (
        '[...document.querySelectorAll("#viewer button, #viewer output, #ramp, #stage")]'
        '.every((e) => { const b = e.getBoundingClientRect();'
        ' return b.left >= -1 && b.right <= 361 && b.top >= -1 && b.bottom <= 741; })'
    )
    assert page.run(inside)
    x, y = at_pixel(page, 50, 20)
    page.ask('Input.dispatchTouchEvent', type='touchStart', touchPoints=[{'x': x, 'y': y}])
    page.ask('Input.dispatchTouchEvent', type='touchEnd', touchPoints=[])
    page.wait('document.getElementById("value").textContent.includes("x 50, y 20")')
    paper = page.run('getComputedStyle(document.body).backgroundColor')
    brightness = sum(int(part) for part in paper[4:-1].split(','))
    assert brightness < 150 if dark else brightness > 600


def test_five_hundred_pictures_fill_in_as_they_are_seen(browser, tmp_path):
    made = Shot(np.full((6, 8, 3), 99, np.uint8), np.ones((6, 8), np.float32), DepthKind.METRIC)
    path = tmp_path / 'many.html'
    write_report(path, Album('many', [Entry(f'{i}', lambda: made) for i in range(500)]))
    browser.size(1200, 800)
    browser.open(path.as_uri())

    loaded = '[...document.querySelectorAll(".card img")].filter((i) => i.src).length'
    browser.wait(f'{loaded} > 20')
    assert len(cards(browser)) == 500 and browser.run(loaded) < 300
    browser.run('scrollTo(0, document.documentElement.scrollHeight)')
    browser.wait('document.querySelector(".card:nth-child(500) img").naturalWidth')
