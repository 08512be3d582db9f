# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for annotation/server.py and access.py: who is answered, and what never is."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import contextmanager

import pytest
from annotation_making import make_project

from depth_anything_ros.annotation.access import (
    NameOfAnnotatorError,
    annotator_of,
    check_name,
    token_for,
)
from depth_anything_ros.annotation.server import MOST_BYTES, ReviewServer


@contextmanager
def served(folder):
    project = make_project(folder / 'project', pairs=2, agreed=1)
    made = ReviewServer(project, ['ann', 'bob'])
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(30)
    project.close()


@pytest.fixture
def server(tmp_path):
    with served(tmp_path) as made:
        yield made


@pytest.fixture(scope='module')
def asked(tmp_path_factory):
    """Give a server that is asked for nothing that changes it."""
    with served(tmp_path_factory.mktemp('asked')) as made:
        yield made


def ask(server, path, body=None, who='ann', **headers):
    """Return status, headers and content; a header that is None is left out."""
    port = server.server_address[1]
    given = {
        'Host': f'127.0.0.1:{port}',
        'Authorization': f'Bearer {token_for(server.project.secret, who)}',
    }
    content = None
    if body is not None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given |= {'Content-Type': 'application/json', 'Content-Length': str(len(content))}
    given |= {name.replace('_', '-'): value for name, value in headers.items()}
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    connection.putrequest('GET' if body is None else 'POST', path, skip_host=True)
    for name, value in given.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(content)
    answer = connection.getresponse()
    result = answer.status, dict(answer.headers), answer.read()
    connection.close()
    return result


def test_it_listens_on_this_machine_alone(server):
    assert server.server_address[0] == '127.0.0.1'
    assert server.socket.getsockname()[0] == '127.0.0.1'


@pytest.mark.parametrize('path', ['/', '/page.css', '/page.js', '/icon.svg'])
def test_the_page_is_open_and_holds_no_data(asked, path):
    status, headers, content = ask(asked, path, Authorization=None)
    assert status == 200 and content
    assert "default-src 'none'" in headers['Content-Security-Policy']
    assert 'unsafe' not in headers['Content-Security-Policy']
    assert headers['X-Content-Type-Options'] == 'nosniff'
    assert headers['Cache-Control'] == 'no-store'
    text = content.decode().replace('http://www.w3.org/2000/svg', '')
    assert '//' not in text or 'http' not in text  # nothing of anybody else's
    assert 'Set-Cookie' not in headers


@pytest.mark.parametrize('path', ['/api/task', '/api/pictures', '/api/picture/1', '/other'])
@pytest.mark.parametrize(
    'token', [None, '', 'Bearer ', 'Bearer 0', 'Basic YTpi', 'Bearer \xff', f'Bearer {"0" * 40}']
)
def test_data_needs_a_token(asked, path, token):
    assert ask(asked, path, Authorization=token)[0] == 401


@pytest.mark.parametrize(
    'host',
    ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '192.168.1.5:8765', '', None,
     '127.0.0.1:80@evil.example', '[::1]:8765', 'localhost:x'],
)  # fmt: skip
def test_another_name_of_this_machine_is_refused(asked, host):
    for path in ('/', '/api/task'):
        assert ask(asked, path, Host=host)[0] == 403


def test_the_port_of_a_tunnel_is_let_through(asked):
    assert ask(asked, '/api/task', Host='localhost:9000')[0] == 200
    assert ask(asked, '/api/task', Host='LOCALHOST')[0] == 200


@pytest.mark.parametrize(
    'headers',
    [
        {'Origin': 'http://evil.example'},
        {'Origin': 'null'},
        {'Origin': 'http://127.0.0.1:1'},
        {'Sec_Fetch_Site': 'cross-site'},
        {'Sec_Fetch_Site': 'same-site'},
    ],
)
def test_other_pages_are_refused_even_with_a_token(asked, headers):
    body = {'nonce': 'n' * 16}
    assert ask(asked, '/api/undo', body, **headers)[0] == 403
    assert ask(asked, '/api/task', **headers)[0] == 403


def test_a_token_is_of_one_person_and_of_one_project(server):
    assert json.loads(ask(server, '/api/task', who='bob')[2])['annotator'] == 'bob'
    assert ask(server, '/api/task', who='cyd')[0] == 401
    names = ('ann', 'bob')
    header = f'Bearer {token_for("another project", "ann")}'
    assert annotator_of(header, server.project.secret, names) is None


def test_a_task_tells_two_points_and_nothing_of_votes_or_others(server):
    found = json.loads(ask(server, '/api/task')[2])
    assert set(found) == {'annotator', 'task', 'workload'}
    assert set(found['task']) == {
        *('pair', 'round', 'picture', 'path', 'scene', 'size', 'points', 'coming'),
    }


def test_a_picture_is_given_as_it_lies_there(asked):
    status, headers, content = ask(asked, '/api/picture/1')
    path = asked.project.folder / 'images/indoor/one.png'
    assert (status, headers['Content-Type'], content) == (200, 'image/png', path.read_bytes())


@pytest.mark.parametrize(
    'path',
    ['/api/picture/2', '/api/picture/..%2f1', '/api/picture/../../annotation.sqlite', '/../x',
     '/annotation.sqlite', '/page.js/..', '/api/picture/1/', '/api/undo'],
)  # fmt: skip
def test_nothing_else_is_given(asked, path):
    assert ask(asked, path)[0] == 404


def test_a_picture_that_was_removed_is_told(server):
    (server.project.folder / 'images/indoor/one.png').unlink()
    status, _, content = ask(server, '/api/picture/1')
    assert status == 404 and 'one.png cannot be read' in json.loads(content)['error']


def good(**changes):
    return {'nonce': 'nonce-00', 'pair': 1, 'round': 1, 'choice': '1', **changes}


def test_answer_undo_and_add_give_the_next_task(server):
    found = json.loads(ask(server, '/api/answer', good(note='\ud800 x', seconds=2))[2])
    assert found['task']['pair'] == 2 and found['workload']['done'] == 1
    found = json.loads(ask(server, '/api/undo', {'nonce': 'nonce-01'})[2])
    assert found['task']['pair'] == 1
    body = {'nonce': 'nonce-02', 'picture': 1, 'near': [40, 3], 'far': [2, 3]}
    assert json.loads(ask(server, '/api/add', body)[2])['workload']['done'] == 1

    def added(who):
        found = json.loads(ask(server, '/api/pictures', who=who)[2])['pictures'][0]['added']
        return [sorted(pair) for pair in found]

    assert added('ann') == [[[2, 3], [40, 3]]] and added('bob') == []
    assert ask(server, '/api/undo', {'nonce': 'nonce-03'})[0] == 200
    assert added('ann') == []


@pytest.mark.parametrize(
    ('body', 'status'),
    [
        (b'', 400), (b'{', 400), (b'[]', 400), (b'\xff', 400), (b'[' * 9000, 400),
        (b'x' * (MOST_BYTES + 1), 413),
        (good(pair='1'), 400), (good(pair=-1), 400), (good(pair=True), 400), (good(pair=1.5), 400),
        (good(pair=2**70), 400), (good(round=None), 400), (good(choice=1), 400),
        (good(seconds=-1), 400), (good(seconds='1'), 400), (good(note='x' * 501), 400),
        (good(nonce='short'), 400), (good(nonce="'; DROP TABLE events"), 400),
        (good(nonce=None), 400),
        (good(choice='first'), 409), (good(pair=3), 409), (good(pair=99), 409),
        (good(round=2), 409),
    ],
)  # fmt: skip
def test_answers_that_cannot_be_are_refused_and_change_nothing(asked, body, status):
    found, _, content = ask(asked, '/api/answer', body)
    assert found == status and json.loads(content)['error']
    assert asked.project.rows('SELECT * FROM events') == []
    assert ask(asked, '/api/task')[0] == 200


@pytest.mark.parametrize('seconds', ['NaN', 'Infinity', '1e999'])
def test_numbers_that_json_does_not_know_are_refused(asked, seconds):
    body = json.dumps(good()).replace('}', f', "seconds": {seconds}}}').encode()
    assert ask(asked, '/api/answer', body)[0] == 400


@pytest.mark.parametrize(
    ('headers', 'status'),
    [
        ({'Content_Type': 'text/plain'}, 415),
        ({'Content_Type': None}, 415),
        ({'Content_Length': None}, 413),
        ({'Content_Length': '-1'}, 413),
        ({'Content_Length': '99999999999'}, 413),
    ],
)
def test_bodies_of_other_kinds_are_refused(asked, headers, status):
    assert ask(asked, '/api/answer', good(), **headers)[0] == status


@pytest.mark.parametrize('point', [None, 1, [1], [1, 2, 3], ['1', 2], [1.5, 2], [-1, 2], [1, None]])
def test_points_that_are_none_are_refused(asked, point):
    body = {'nonce': 'nonce-00', 'picture': 1, 'near': point, 'far': [20, 20]}
    assert ask(asked, '/api/add', body)[0] == 400


def test_other_methods_are_refused(asked):
    port = asked.server_address[1]
    for method in ('OPTIONS', 'PUT', 'DELETE', 'TRACE', 'HEAD'):
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
        connection.request(method, '/api/task')
        assert connection.getresponse().status == 501
        connection.close()


def test_nonsense_on_the_line_ends_that_connection_alone(asked):
    for noise in (b'\0' * 100, b'GET / HTTP/9.9\r\n\r\n', b'A' * 70_000, b'GET /\r\n'):
        with socket.create_connection(asked.server_address, timeout=60) as line:
            line.sendall(noise)
            line.shutdown(socket.SHUT_WR)
            while line.recv(4096):
                pass
    assert ask(asked, '/api/task')[0] == 200


def test_two_requests_share_a_connection(server):
    port = server.server_address[1]
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    for _ in range(2):
        connection.request('GET', '/page.css')
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read()
    connection.close()


def test_what_cannot_be_written_down_is_to_be_sent_again(server, capsys):
    server.project._connection.execute('PRAGMA query_only = ON')  # as a full disk does
    status, _, content = ask(server, '/api/answer', good())
    assert status == 503 and 'cannot be written down' in json.loads(content)['error']
    server.project._connection.execute('PRAGMA query_only = OFF')
    assert ask(server, '/api/answer', good())[0] == 200


@pytest.mark.parametrize(
    'name', ['', ' ann', 'ann ', 'a' * 41, 'a\nb', '../x', '<b>', '(operator)']
)
def test_names_that_nobody_has_are_refused(name):
    with pytest.raises(NameOfAnnotatorError):
        check_name(name)
