# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The review page as people meet it, in a headless Chromium; skipped where there is none."""

from __future__ import annotations

import re
import threading

import cv2
import numpy as np
import pytest
from browser import BROWSER, Browser, BrowserError

pytest.importorskip('typer')

from annotation_making import make_project  # noqa: E402
from annotation_story import HEIGHT, WIDTH, Server, check, make, tell, truth  # noqa: E402

from depth_anything_ros.annotation.review import Reply  # noqa: E402
from depth_anything_ros.annotation.server import ReviewServer  # noqa: E402

pytestmark = pytest.mark.skipif(BROWSER is None, reason='no chromium on the PATH')

READY = 'document.body.dataset.ready === "true"'


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    try:
        found = Browser(tmp_path_factory.mktemp('profile'))
    except (BrowserError, OSError) as error:  # such as a stub that wants a package installed
        pytest.skip(f'{BROWSER} does not start: {error}')
    with found:
        yield found


@pytest.fixture
def page(browser):
    """Give the browser with an empty page; afterwards nothing beyond the server was asked for."""
    browser.complaints.clear()
    browser.requests.clear()
    browser.size(1200, 800)
    browser.open('about:blank')
    yield browser
    browser.open('about:blank')
    asked = {address for address in browser.requests if address != 'about:blank'}
    assert all(address.startswith('http://127.0.0.1:') for address in asked), asked
    # Killed servers and refusals are complained of, and nothing else: no script, no policy.
    expected = re.compile('ERR_CONNECTION_|ERR_EMPTY_RESPONSE|ERR_SOCKET|status of 40[149]')
    assert [text for text in browser.complaints if not expected.search(text)] == []


@pytest.fixture
def server(tmp_path):
    project = make_project(tmp_path / 'project', pairs=3)
    large = np.full((300, 400, 3), 200, np.uint8)
    large[100:200] = (60, 90, 30)
    cv2.imwrite(str(project.folder / 'images/indoor/one.png'), large)
    with project.change() as db:
        db.execute('UPDATE pictures SET width = 400, height = 300')
        db.execute(
            'UPDATE pairs SET row_a = 40 + id, column_a = 60, row_b = 250, column_b = 300 + id'
        )
    made = ReviewServer(project, ['ann', 'bob'])
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(30)
    project.close()


def text(page: Browser, name: str) -> str:
    return str(page.run(f'document.getElementById("{name}").textContent'))


def enter(page: Browser, link: str) -> None:
    page.open('about:blank')
    page.open(link)
    page.wait(READY)


def points(page: Browser):
    found = [re.search(r'row (\d+), column (\d+)', text(page, f'at-{i}')) for i in (1, 2)]
    if None in found:
        return None
    one, two = ((int(match[1]), int(match[2])) for match in found if match)
    return one, two


def press(page: Browser, key: str) -> None:
    page.press(key)
    page.wait(READY)


def click_at(page: Browser, row: float, column: float, height: int, width: int) -> None:
    """Click on a pixel of the picture, which is shown whole."""
    left, top, wide, high = page.box('#view')
    scale = min(wide / width, high / height)
    x = left + wide / 2 + (column + 0.5 - width / 2) * scale
    y = top + high / 2 + (row + 0.5 - height / 2) * scale
    page.mouse('mouseMoved', x, y)
    page.mouse('mousePressed', x, y, button='left', buttons=1, clickCount=1)
    page.mouse('mouseReleased', x, y, button='left', clickCount=1)


class PagePerson:
    """A person at the page, with a keyboard and a mouse."""

    def __init__(self, page: Browser, link: str) -> None:
        self._page = page
        enter(page, link)

    def points(self):
        return points(self._page)

    def say(self, choice: str) -> None:
        press(self._page, choice)

    def undo(self) -> None:
        press(self._page, 'u')

    def add(self, path, near, far) -> None:
        page = self._page
        page.click('#mode-add')
        page.wait('document.getElementById("hint").textContent.includes("nearer")')
        for _ in range(20):
            if text(page, 'path') == path.rpartition('/')[2]:
                break
            before = text(page, 'hint')
            page.press('ArrowRight')
            page.wait(f'document.getElementById("hint").textContent !== {before!r}')
        click_at(page, *near, HEIGHT, WIDTH)
        page.wait('document.getElementById("hint").textContent.includes("farther")')
        click_at(page, *far, HEIGHT, WIDTH)
        page.wait('!document.getElementById("save").disabled')
        assert points(page) == (near, far)
        page.click('#save')
        page.wait('document.getElementById("hint").textContent.includes("You added 1 here")')
        page.wait(READY)
        page.click('#mode-answer')
        page.wait('!document.getElementById("answers").hidden')
        page.wait(READY)


def answer_while_it_is_down(bob: PagePerson, server: Server) -> None:
    page = bob._page
    server.kill()
    page.press(truth(bob.points()))
    page.wait('!document.getElementById("trouble").hidden')
    assert 'kept and sent again' in text(page, 'trouble')
    assert page.run('document.getElementById("say-1").disabled')
    # Closing and opening the page in between loses nothing either.
    server.start()
    page.wait(READY)
    page.wait('document.getElementById("trouble").hidden')


def test_three_people_disagree_the_server_is_killed_and_the_export_is_right(page, tmp_path):
    project = make(tmp_path)
    server = Server(project)
    try:
        tell(project, server, lambda link: PagePerson(page, link), answer_while_it_is_down)
    finally:
        page.open('about:blank')
        assert server.stop() == 0
    check(project, tmp_path)


def test_an_answer_that_was_under_way_when_the_page_was_reloaded_is_sent(page, server):
    link = server.links['ann']
    enter(page, link)
    # As if the reload had come before the request went out.
    body = '{nonce: "n".repeat(32), pair: 1, round: 1, choice: "skip"}'
    page.run(f'sessionStorage.setItem("unsent", JSON.stringify(["api/answer", {body}]))')
    page.open('about:blank')
    page.open(link.partition('#')[0])
    page.wait(READY)
    assert text(page, 'count') == '1 answered, 2 to go'
    assert page.run('sessionStorage.getItem("unsent")') is None
    assert len(server.project.rows('SELECT * FROM events')) == 1


def test_the_token_leaves_the_address_and_no_link_shows_nothing(page, server):
    enter(page, server.links['ann'])
    assert '#' not in page.run('location.href')
    assert text(page, 'who') == 'ann'
    assert page.run('document.cookie') == ''
    page.run('sessionStorage.clear()')
    page.open('about:blank')
    page.open(server.address)
    page.wait('!document.getElementById("message").hidden')
    assert 'open the link' in text(page, 'message')


def test_keys_skip_flag_and_undo(page, server):
    enter(page, server.links['ann'])
    press(page, 's')
    page.press('f')
    page.wait('document.getElementById("flag").open')
    page.press('1')  # goes into the note, not to the pair
    page.click('#flag-send')
    page.wait('document.getElementById("count").textContent.startsWith("2 answered")')
    page.wait(READY)
    rows = server.project.rows('SELECT pair, answer, note, seconds FROM events ORDER BY id')
    assert [tuple(row)[:3] for row in rows] == [(1, 'skip', None), (2, 'flag', '1')]
    assert all(row['seconds'] >= 0 for row in rows)
    press(page, 'u')
    press(page, 'u')
    assert text(page, 'count') == '0 answered, 3 to go'
    press(page, 'u')
    assert 'nothing to take back' in text(page, 'hint')


def upper(two) -> str:
    return '1' if two[0][0] < two[1][0] else '2'


def test_a_pair_that_comes_back_is_shown_to_somebody_who_waits(page, server):
    enter(page, server.links['ann'])
    for _ in range(3):
        press(page, upper(points(page)))
    assert 'nothing to answer now' in text(page, 'message') and points(page) is None
    task = server.desk.next('bob')
    other = {'1': '2', '2': '1'}[upper(task.points)]
    server.desk.answer('bob', Reply('of-bob', task.pair, task.round, other))
    page.run('dispatchEvent(new Event("focus"))')  # as when the window is looked at again
    page.wait('document.getElementById("at-1").textContent.includes("row")')
    assert text(page, 'count') == '3 answered, 1 to go'
    assert set(points(page)) == set(task.points)
    press(page, upper(points(page)))
    assert text(page, 'count') == '3 answered, 0 to go'


def test_leaving_the_flag_dialog_answers_nothing(page, server):
    enter(page, server.links['ann'])
    page.click('#say-flag')
    page.wait('document.getElementById("flag").open')
    page.click('#flag-no')
    page.wait('!document.getElementById("flag").open')
    page.press('f')
    page.press('Escape', windowsVirtualKeyCode=27)
    page.wait('!document.getElementById("flag").open')
    assert server.project.rows('SELECT * FROM events') == []


def colours(page: Browser) -> np.ndarray:
    """Return the pixels of the view, RGB."""
    whole = cv2.imdecode(np.frombuffer(page.picture(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    left, top, width, height = map(round, page.box('#view'))
    return whole[top : top + height, left : left + width].astype(int)


def ring(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Return the middle (y, x) of what has a colour."""
    found = np.abs(picture - colour).max(axis=2) < 12
    assert found.any()
    return np.argwhere(found).mean(axis=0)


ORANGE, BLUE = (255, 167, 51), (77, 178, 255)


def test_marks_stand_at_their_pixels_at_every_zoom(page, server):
    enter(page, server.links['ann'])
    one, two = points(page)
    for key in ('', 'p', '+', '0'):
        if key:
            page.press(key)
        shown = colours(page)
        scale = page.run('Number(document.getElementById("view").dataset.scale)')
        x, y = (page.run(f'Number(document.getElementById("view").dataset.{a})') for a in 'xy')
        for point, colour in ((one, ORANGE), (two, BLUE)):
            at = ring(shown, colour)
            expected = np.array([
                (point[0] + 0.5 - y) * scale + shown.shape[0] / 2,
                (point[1] + 0.5 - x) * scale + shown.shape[1] / 2,
            ])  # fmt: skip
            # The number beside a ring draws the mean a little outward.
            assert np.abs(at - expected).max() < 25, (key, colour)


def test_holding_h_hides_the_points(page, server):
    enter(page, server.links['ann'])
    page.ask('Input.dispatchKeyEvent', type='keyDown', key='h')
    shown = colours(page)
    assert not (np.abs(shown - ORANGE).max(axis=2) < 12).any()
    page.ask('Input.dispatchKeyEvent', type='keyUp', key='h')
    ring(colours(page), ORANGE)


def test_the_wheel_zooms_at_the_pointer_and_dragging_moves(page, server):
    enter(page, server.links['ann'])
    left, top, width, height = page.box('#view')
    page.click('#mode-add')
    page.wait('document.getElementById("hint").textContent.includes("nearer")')
    click_at(page, 120, 90, 300, 400)
    before = text(page, 'at-1')
    assert 'row 120, column 90' in before
    page.click('#clear')
    page.wait('document.getElementById("at-1").textContent === "Point 1"')
    scale = min(width / 400, height / 300)
    x, y = left + width / 2 + (90.5 - 200) * scale, top + height / 2 + (120.5 - 150) * scale
    page.mouse('mouseWheel', x, y, deltaX=0, deltaY=-240)
    page.mouse('mousePressed', x, y, button='left', buttons=1, clickCount=1)
    page.mouse('mouseReleased', x, y, button='left', clickCount=1)
    assert text(page, 'at-1') == before  # the pixel under the pointer stayed there
    page.click('#clear')
    page.wait('document.getElementById("at-1").textContent === "Point 1"')
    page.mouse('mouseWheel', x, y, deltaX=0, deltaY=-240)
    page.mouse('mousePressed', x, y, button='left', buttons=1, clickCount=1)
    page.mouse('mouseMoved', x + 30, y + 20, button='left', buttons=1)
    page.mouse('mouseMoved', x + 60, y + 40, button='left', buttons=1)
    page.mouse('mouseReleased', x + 60, y + 40, button='left', clickCount=1)
    assert text(page, 'at-1') == 'Point 1'  # a drag is no click
    x, y = x + 60, y + 40
    page.mouse('mousePressed', x, y, button='left', buttons=1, clickCount=1)
    page.mouse('mouseReleased', x, y, button='left', clickCount=1)
    row, column = map(int, re.findall(r'\d+', text(page, 'at-1'))[1:])
    assert abs(row - 120) <= 1 and abs(column - 90) <= 1


def test_a_picture_that_is_gone_can_be_flagged(page, server):
    (server.project.folder / 'images/indoor/one.png').unlink()
    enter(page, server.links['bob'])
    page.wait('!document.getElementById("message").hidden')
    assert 'cannot be shown' in text(page, 'message')
    page.press('f')
    page.click('#flag-send')
    page.wait(READY)
    page.wait('document.getElementById("count").textContent.startsWith("1 answered")')


def test_names_of_pictures_are_text(page, server):
    name = 'images/indoor/<img src=x onerror="document.title=1">.png'
    with server.project.change() as db:
        db.execute('UPDATE pictures SET path = ?', (name,))
    enter(page, server.links['ann'])
    assert text(page, 'path') == name.rpartition('/')[2]
    assert page.run('document.title') == 'Which point is nearer?'


@pytest.mark.parametrize('dark', [False, True])
def test_a_telephone_shows_all_of_it(page, server, dark):
    page.size(360, 740, phone=True, dark=dark)
    enter(page, server.links['ann'])
    inside = (
        '[...document.querySelectorAll("button, canvas, output")].filter((e) => e.offsetParent)'
        '.every((e) => { const b = e.getBoundingClientRect();'
        ' return b.left >= -1 && b.right <= 361 && b.top >= -1 && b.bottom <= 741; })'
    )
    assert page.run('document.documentElement.scrollWidth') <= 360
    assert page.run(inside)
