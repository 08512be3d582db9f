# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fetching weights, from a file server on 127.0.0.1 that speaks the hub's protocol."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import shutil
import threading
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants

from depth_anything_ros.model import hub
from depth_anything_ros.model.catalog import UnknownModelError, card_for
from depth_anything_ros.model.hub import DownloadError, fetch, locate

COMMIT = '0123456789abcdef0123456789abcdef01234567'
CARD = card_for('small')
WEIGHTS = bytes(range(256)) * 1024


@dataclass
class Shelf:
    """What the server holds, how it misbehaves, and what was asked of it."""

    content: bytes = WEIGHTS
    etag: str = hashlib.sha256(WEIGHTS).hexdigest()
    status: int = 200
    code: str = ''
    shorten: int = 0
    break_after: int | None = None
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    address: str = ''


class Handler(BaseHTTPRequestHandler):
    shelf: Shelf
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def answer(self):
        shelf = self.shelf
        wanted = self.headers.get('Range')
        shelf.requests.append((self.command, self.path, wanted))
        status = shelf.status
        if self.path != f'/{CARD.repository}/resolve/main/{CARD.filename}':
            status = 404
        if status != 200:
            self.send_response(status)
            if shelf.code:
                self.send_header('X-Error-Code', shelf.code)
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        begin = int(wanted.removeprefix('bytes=').split('-')[0]) if wanted else 0
        body = shelf.content[begin : len(shelf.content) - shelf.shorten]
        if wanted:
            self.send_response(206)
            end = len(shelf.content) - 1
            self.send_header('Content-Range', f'bytes {begin}-{end}/{len(shelf.content)}')
        else:
            self.send_response(200)
        self.send_header('X-Repo-Commit', COMMIT)
        self.send_header('X-Linked-Etag', f'"{shelf.etag}"')
        self.send_header('X-Linked-Size', str(len(shelf.content)))
        self.send_header('ETag', '"of-the-mirror"')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command == 'HEAD':
            return
        if shelf.break_after is not None:
            self.wfile.write(body[: shelf.break_after])
            shelf.break_after = None
            self.close_connection = True
            return
        self.wfile.write(body)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An empty hub cache, and an environment in which nothing but 127.0.0.1 can be asked."""
    for name in ('HF_HUB_CACHE', 'HF_ASSETS_CACHE', 'HF_HUB_OFFLINE', 'HF_TOKEN'):
        monkeypatch.delenv(name, raising=False)
    for name in ('http_proxy', 'https_proxy', 'all_proxy'):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', False)
    monkeypatch.setenv('HF_HOME', str(tmp_path / 'home'))
    monkeypatch.setenv('HF_ENDPOINT', 'http://127.0.0.1:9')
    return tmp_path / 'home'


@pytest.fixture
def shelf(home, monkeypatch):
    shelf = Shelf()
    handler = type('ShelfHandler', (Handler,), {'shelf': shelf})
    server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01}).start()
    shelf.address = f'http://127.0.0.1:{server.server_port}'
    monkeypatch.setenv('HF_ENDPOINT', shelf.address)
    yield shelf
    server.shutdown()
    server.server_close()


def blobs(home: Path) -> list[Path]:
    """Return all files of weights in the cache, whole or not."""
    return [p for p in home.rglob('*') if p.is_file() and p.parent.name == 'blobs']


def test_a_model_is_downloaded_into_the_cache_of_the_hub(home, shelf):
    card, path = locate('small')

    assert card == CARD
    assert path.name == CARD.filename
    assert home / 'hub' in path.parents
    assert path.read_bytes() == WEIGHTS


def test_a_cached_model_needs_no_server(home, shelf, monkeypatch):
    first = fetch(CARD)
    asked = len(shelf.requests)

    assert fetch(CARD) == first
    assert len(shelf.requests) == asked
    monkeypatch.setenv('HF_ENDPOINT', 'http://127.0.0.1:9')
    assert fetch(CARD) == first
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    assert fetch(CARD) == first


def test_the_cache_may_be_moved(home, shelf, monkeypatch, tmp_path):
    monkeypatch.setenv('HF_HUB_CACHE', str(tmp_path / 'elsewhere'))

    assert tmp_path / 'elsewhere' in fetch(CARD).parents


def damage(path: Path) -> None:
    """Cut a cached file off, as a full disk or a power failure may."""
    path.write_bytes(WEIGHTS[:1000])


def test_a_check_replaces_a_damaged_file_of_the_cache(home, shelf, caplog):
    path = fetch(CARD)
    damage(path)

    assert fetch(CARD).read_bytes() == WEIGHTS[:1000]  # a robot that starts does not check
    assert fetch(CARD, check=True) == path

    assert path.read_bytes() == WEIGHTS
    assert 'is damaged: removing it' in caplog.text
    assert [blob.name for blob in blobs(home)] == [shelf.etag]


def test_a_check_asks_nobody_about_a_sound_file(home, shelf):
    path = fetch(CARD)
    asked = len(shelf.requests)

    assert fetch(CARD, check=True) == path
    assert len(shelf.requests) == asked


def test_a_check_without_a_digest_keeps_the_file_and_says_so(home, shelf, caplog):
    shelf.etag = '0123456789abcdef0123456789abcdef01234567'
    path = fetch(CARD)
    damage(path)
    caplog.clear()

    assert fetch(CARD, check=True) == path
    assert f'nothing states the sha256 of {path}' in caplog.text


def test_a_broken_transfer_goes_on_where_it_stopped(home, shelf, monkeypatch):
    shelf.break_after = 64 * 1024
    monkeypatch.setattr(constants, 'DOWNLOAD_CHUNK_SIZE', 16 * 1024)

    try:
        path = fetch(CARD)
    except DownloadError:  # older versions of huggingface_hub leave the second try to the user
        path = fetch(CARD)

    assert path.read_bytes() == WEIGHTS
    ranges = [wanted for method, _, wanted in shelf.requests if method == 'GET']
    assert ranges == [None, f'bytes={64 * 1024}-']


def test_a_truncated_file_is_refused_and_the_next_try_is_clean(home, shelf):
    shelf.shorten = 1000

    with pytest.raises(DownloadError, match='truncated.*try again'):
        fetch(CARD)

    # Older versions of huggingface_hub keep what came, and go on from there.
    assert all(blob.suffix == '.incomplete' for blob in blobs(home))
    shelf.shorten = 0
    assert fetch(CARD).read_bytes() == WEIGHTS


def test_a_wrong_hash_is_refused_and_the_next_try_is_clean(home, shelf):
    shelf.content = b'x' + WEIGHTS[1:]
    found = hashlib.sha256(shelf.content).hexdigest()

    with pytest.raises(DownloadError, match=f'sha256 is {found}, expected was {shelf.etag}'):
        fetch(CARD)

    assert blobs(home) == []
    shelf.content = WEIGHTS
    assert fetch(CARD).read_bytes() == WEIGHTS


def test_the_digest_of_the_card_counts_too(home, shelf):
    with pytest.raises(DownloadError, match='wrong content'):
        fetch(replace(CARD, sha256='0' * 64))

    assert fetch(replace(CARD, sha256=shelf.etag)).read_bytes() == WEIGHTS


def test_an_etag_that_is_no_digest_is_not_compared(home, shelf, caplog):
    shelf.etag = '0123456789abcdef0123456789abcdef01234567'

    assert fetch(CARD).read_bytes() == WEIGHTS
    assert 'nothing states its sha256' in caplog.text


@pytest.mark.parametrize(
    ('status', 'code', 'message'),
    [
        (404, 'EntryNotFound', r'no such file \(404\).*local checkpoint'),
        (404, 'RepoNotFound', r'no such file \(404\)'),
        (404, '', r'no such file \(404\)'),
        (404, 'RevisionNotFound', 'has no revision main'),
        (401, '', r'access is refused \(401\).*HF_TOKEN'),
        (403, 'GatedRepo', r'access is refused \(403\).*HF_TOKEN'),
        (503, '', 'the server answers 503; try again later'),
    ],
)
def test_a_refusal_of_the_server_says_what_to_do(home, shelf, status, code, message):
    shelf.status, shelf.code = status, code

    with pytest.raises(DownloadError, match=message) as caught:
        fetch(CARD)

    assert shelf.address in str(caught.value)
    assert blobs(home) == []


def test_a_server_that_is_down_is_named(home):
    with pytest.raises(DownloadError, match='127.0.0.1:9/.*no connection.*HF_ENDPOINT'):
        fetch(CARD)


def test_a_server_that_is_no_hub_is_named(home, shelf, monkeypatch):
    monkeypatch.setattr(Handler, 'send_header', lambda *_: None)

    with pytest.raises(DownloadError, match='model small could not be downloaded'):
        fetch(CARD)


def test_offline_mode_asks_nobody(home, shelf, monkeypatch):
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')

    with pytest.raises(DownloadError, match='HF_HUB_OFFLINE forbids.*give its path'):
        fetch(CARD)

    assert shelf.requests == []


def test_a_disk_that_is_too_small_is_named_before_the_transfer(home, shelf, monkeypatch):
    usage = SimpleNamespace(total=10**9, used=10**9, free=1000)
    monkeypatch.setattr(shutil, 'disk_usage', lambda _path: usage)

    with pytest.raises(DownloadError, match='the disk is full.*HF_HOME'):
        fetch(CARD)

    assert 'GET' not in {method for method, _, _ in shelf.requests}


@pytest.mark.parametrize(
    ('error', 'message'),
    [
        (OSError(errno.ENOSPC, 'No space left on device'), 'the disk is full.*No space left'),
        (PermissionError(errno.EACCES, 'Permission denied'), 'cannot be written; set HF_HOME'),
        (RuntimeError('Xet broke'), 'Xet broke; try again'),
    ],
)
def test_a_transfer_that_fails_says_what_to_do(home, shelf, monkeypatch, error, message):
    def fail(*_args, **_settings):
        raise error

    monkeypatch.setattr(hub, 'hf_hub_download', fail)

    with pytest.raises(DownloadError, match=message):
        fetch(CARD)


def test_a_non_commercial_licence_is_announced_once(home, shelf, caplog):
    card = replace(card_for('base'), repository=CARD.repository, filename=CARD.filename)

    with caplog.at_level(logging.WARNING):
        fetch(card)
        first = caplog.text
        caplog.clear()
        fetch(card)

    assert 'the weights of base are licensed CC-BY-NC-4.0: no commercial use' in first
    assert 'licensed' not in caplog.text


def test_a_free_licence_is_not_announced(home, shelf, caplog):
    fetch(CARD)

    assert 'licensed' not in caplog.text


def test_giant_cannot_be_downloaded(home):
    with pytest.raises(DownloadError, match='giant was never published.*local checkpoint'):
        locate('giant')


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A package folder with nano's weights; return its card with the right digest."""
    monkeypatch.setattr(hub, 'WEIGHTS_FOLDER', tmp_path)
    (tmp_path / 'nano.safetensors').write_bytes(WEIGHTS)
    (tmp_path / 'nano.json').write_text(json.dumps({'size': 'nano'}))
    return replace(card_for('nano'), sha256=hashlib.sha256(WEIGHTS).hexdigest())


def test_the_shipped_model_is_taken_from_the_package(home, shipped, tmp_path):
    assert fetch(shipped) == tmp_path / 'nano.safetensors'


def test_a_damaged_installation_is_named(home, shipped, tmp_path):
    (tmp_path / 'nano.safetensors').write_bytes(WEIGHTS[:-1])
    with pytest.raises(DownloadError, match='install the package again'):
        fetch(shipped)

    (tmp_path / 'nano.safetensors').unlink()
    with pytest.raises(DownloadError, match='missing from the installation'):
        fetch(shipped)


def test_a_local_file_has_no_card(tmp_path):
    path = tmp_path / 'mine.pth'
    path.touch()

    assert locate(path) == (None, path)
    assert locate(str(path)) == (None, path)


def test_what_is_neither_name_nor_file_lists_the_names():
    with pytest.raises(UnknownModelError, match=r"'no/such\.pth' is neither.*nano, small"):
        locate('no/such.pth')
