# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The review page and what it asks for, over HTTP on 127.0.0.1 alone."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from depth_anything_ros.annotation.access import (
    HEADERS,
    NAMES,
    annotator_of,
    check_name,
    refusal,
    token_for,
)
from depth_anything_ros.annotation.log import ReviewError
from depth_anything_ros.annotation.project import Project
from depth_anything_ros.annotation.review import Desk, Reply

PAGE = Path(__file__).parent / 'page'
FILES = {
    '/': ('index.html', 'text/html; charset=utf-8'),
    '/page.css': ('page.css', 'text/css; charset=utf-8'),
    '/icon.svg': ('icon.svg', 'image/svg+xml'),
    '/page.js': ('page.js', 'text/javascript; charset=utf-8'),
}
KINDS = {'.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.png': 'image/png', '.webp': 'image/webp'}
MOST_BYTES = 16 * 1024
"""Largest body of a request; an answer has some hundred bytes."""

MOST_NOTE = 500
PATIENCE_S = 60.0
"""Seconds after which a connection on which nothing comes is closed."""

_NONCE = re.compile(r'[A-Za-z0-9-]{8,64}')


class Refused(Exception):
    """A request that is answered with an error; ``status`` is HTTP's."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class ReviewServer(ThreadingHTTPServer):
    """Serve a project to some annotators until ``shutdown``. Raises OSError for a port in use.

    ``port`` 0 takes any that is free. Requests are answered by threads of their own.
    """

    daemon_threads = True

    def __init__(self, project: Project, annotators: Sequence[str], port: int = 0) -> None:
        self.project = project
        self.annotators = [check_name(name) for name in annotators]
        self.desk = Desk(project)
        super().__init__((NAMES[0], port), _Handler)

    def server_bind(self) -> None:
        """Take the port, without asking anybody for the name of this machine as HTTPServer does."""
        super(HTTPServer, self).server_bind()
        self.server_name, self.server_port = NAMES[0], self.server_address[1]

    @property
    def address(self) -> str:
        """Where the page is."""
        return f'http://{NAMES[0]}:{self.server_address[1]}/'

    @property
    def links(self) -> dict[str, str]:
        """The page with the token of each annotator, in a part that browsers send to nobody."""
        secret = self.project.secret
        return {name: f'{self.address}#token={token_for(secret, name)}' for name in self.annotators}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in a line what went wrong with a connection; one that was cut is no error."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            print(f'annotate: {type(error).__name__}: {error}', file=sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = 'HTTP/1.1'
    server_version, sys_version = 'annotate', ''
    timeout = PATIENCE_S

    def do_GET(self) -> None:
        path = self.path.partition('?')[0]
        if path in FILES:
            self._answer(lambda: self._file(*FILES[path]))
        else:
            self._answer(lambda: self._get(path, self._annotator()))

    def do_POST(self) -> None:
        self._answer(lambda: self._post(self.path, self._annotator(), self._body()))

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: addresses of pictures are nobody's business."""

    def _answer(self, make: Callable[[], tuple[bytes, str]]) -> None:
        status = 200
        try:
            reason = refusal(self.headers)  # type: ignore[arg-type]
            if reason is not None:
                raise Refused(403, reason)
            content, kind = make()
        except (Refused, ReviewError) as error:
            status = error.status if isinstance(error, Refused) else 409
            # What was not read of the body would be taken for the next request.
            self.close_connection = self.close_connection or status not in (404, 409)
            content, kind = _json({'error': str(error)})
        except sqlite3.Error as error:  # such as a full disk: the page sends it again
            print(f'annotate: {error}', file=sys.stderr)
            status = 503
            content, kind = _json({'error': f'it cannot be written down: {error}'})
        self.send_response(status)
        for name, value in {**HEADERS, 'Content-Type': kind}.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(content)))
        if self.close_connection:
            self.send_header('Connection', 'close')
        self.end_headers()
        self.wfile.write(content)

    def _annotator(self) -> str:
        server = self.server
        found = annotator_of(
            self.headers.get('Authorization'), server.project.secret, server.annotators
        )
        if found is None:
            raise Refused(401, 'open the link that depth-anything annotate serve printed for you')
        return found

    def _body(self) -> dict[str, Any]:
        kind = (self.headers.get('Content-Type') or '').partition(';')[0].strip().lower()
        length = self.headers.get('Content-Length') or ''
        if kind != 'application/json':
            raise Refused(415, 'the body must be application/json')
        if not length.isdecimal() or int(length) > MOST_BYTES:
            raise Refused(413, f'the body must have a length of at most {MOST_BYTES} bytes')
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise Refused(400, f'the body is no JSON: {error}') from error
        if not isinstance(body, dict):
            raise Refused(400, 'the body must be an object')
        return body

    def _file(self, name: str, kind: str) -> tuple[bytes, str]:
        return (PAGE / name).read_bytes(), kind

    def _get(self, path: str, annotator: str) -> tuple[bytes, str]:
        if path == '/api/task':
            return self._task(annotator)
        if path == '/api/pictures':
            return _json({'pictures': self._pictures(annotator)})
        found = re.fullmatch(r'/api/picture/(\d{1,12})', path)
        if found is None:
            raise Refused(404, 'there is no such page')
        return self._picture(int(found[1]))

    def _pictures(self, annotator: str) -> list[dict[str, Any]]:
        """Return all pictures, with the pairs that somebody added there: two points each."""
        project = self.server.project
        rows = project.rows('SELECT id, path, scene, width, height FROM pictures ORDER BY id')
        found = {row['id']: {**dict(row), 'added': []} for row in rows}
        for row in project.rows(
            'SELECT picture, row_a, column_a, row_b, column_b FROM pairs '
            "WHERE author = ? AND status != 'withdrawn' ORDER BY id",
            annotator,
        ):
            number, *points = row
            found[number]['added'].append([points[:2], points[2:]])
        return list(found.values())

    def _picture(self, number: int) -> tuple[bytes, str]:
        project = self.server.project
        rows = project.rows('SELECT path FROM pictures WHERE id = ?', number)
        if not rows:
            raise Refused(404, f'there is no picture {number}')
        path = project.folder / rows[0]['path']
        try:
            return path.read_bytes(), KINDS[path.suffix.lower()]
        except (OSError, KeyError) as error:
            raise Refused(404, f'{rows[0]["path"]} cannot be read: {error}') from error

    def _post(self, path: str, annotator: str, body: dict[str, Any]) -> tuple[bytes, str]:
        desk, nonce = self.server.desk, _text(body, 'nonce', 64)
        if _NONCE.fullmatch(nonce) is None:
            raise Refused(400, 'nonce must be 8 to 64 letters, digits and -')
        if path == '/api/answer':
            desk.answer(annotator, _reply(body, nonce))
        elif path == '/api/undo':
            desk.undo(annotator, nonce)
        elif path == '/api/add':
            near, far = (_point(body, name) for name in ('near', 'far'))
            desk.add(annotator, nonce, _whole(body, 'picture'), near, far)
        else:
            raise Refused(404, 'there is no such page')
        return self._task(annotator)

    def _task(self, annotator: str) -> tuple[bytes, str]:
        desk = self.server.desk
        task = desk.next(annotator)
        workload = desk.workload(annotator)
        facts = {
            'annotator': annotator,
            'task': None if task is None else asdict(task),
            'workload': asdict(workload),
        }
        return _json(facts)


def _reply(body: dict[str, Any], nonce: str) -> Reply:
    seconds = body.get('seconds')
    if seconds is not None and (
        isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 1e7
    ):
        raise Refused(400, 'seconds must be a number from 0')
    return Reply(
        nonce, _whole(body, 'pair'), _whole(body, 'round'), _text(body, 'choice', 8), seconds,
        _text(body, 'note', MOST_NOTE, ''),
    )  # fmt: skip


def _text(body: dict[str, Any], name: str, most: int, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or len(value) > most:
        raise Refused(400, f'{name} must be a text of at most {most} characters')
    # SQLite keeps UTF-8, which has no lone surrogates.
    return value.encode('utf-8', 'replace').decode()


def _whole(body: dict[str, Any], name: str) -> int:
    return _as_whole(body.get(name), name)


def _as_whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise Refused(400, f'{name} must be a whole number from 0')
    return value


def _point(body: dict[str, Any], name: str) -> tuple[int, int]:
    value = body.get(name)
    if not isinstance(value, list) or len(value) != 2:
        raise Refused(400, f'{name} must be [row, column]')
    row, column = (_as_whole(part, name) for part in value)
    return row, column


def _json(value: Any) -> tuple[bytes, str]:
    return json.dumps(value).encode(), 'application/json'
