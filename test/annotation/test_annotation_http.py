# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole way of an annotation over HTTP, without a browser: annotation_story.py tells it."""

from __future__ import annotations

import threading
import time
import urllib.error

import pytest

pytest.importorskip('typer')

from annotation_story import HttpPerson, Server, check, make, tell, truth  # noqa: E402


def crash_between(bob, server):
    """Kill the server right after an answer was taken whose reply nobody saw, and start it anew."""
    body = {
        'nonce': 'the-reply-was-lost', 'pair': bob.task['pair'], 'round': bob.task['round'],
        'choice': truth(bob.points()),
    }  # fmt: skip
    bob.ask('api/answer', body)
    server.kill()
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        bob.ask('api/task')
    restart = threading.Thread(target=server.start)
    restart.start()
    bob.show(bob.insist('api/answer', body))  # as the page sends it again
    restart.join()


def test_three_people_disagree_the_server_is_killed_and_the_export_is_right(tmp_path):
    project = make(tmp_path)
    server = Server(project)
    try:
        links = dict(server.links)
        tell(project, server, HttpPerson, crash_between)
        assert server.links == links  # the same after the crash
    finally:
        assert server.stop() == 0
    check(project, tmp_path)


def test_answers_that_were_acknowledged_survive_a_kill_at_any_moment(tmp_path):
    """Somebody answers and takes back as fast as possible while the server is killed."""
    project = make(tmp_path)
    server = Server(project)
    acknowledged = 0
    try:
        for after in (5, 12):
            ann = HttpPerson(server.links['ann'])
            killer = threading.Thread(target=server.kill)
            end = time.monotonic() + 60
            try:
                while time.monotonic() < end:
                    choice = truth(ann.points())
                    body = {'pair': ann.task['pair'], 'round': 1, 'choice': choice}
                    ann.show(ann.ask('api/answer', {'nonce': f'{acknowledged:09}', **body}))
                    acknowledged += 1
                    if acknowledged >= after and killer.ident is None:
                        killer.start()  # it strikes while answers go on
                    ann.show(ann.ask('api/undo', {'nonce': f'{acknowledged:09}'}))
                    acknowledged += 1
            except (urllib.error.URLError, ConnectionError):
                pass
            killer.join()
            events = events_of(project)
            # The one under way may be there, too; none that was acknowledged is missing.
            assert len(events) - acknowledged in (0, 1), after
            acknowledged = len(events)
            server.start()
            if acknowledged % 2:  # an answer is there whose undo was not sent
                HttpPerson(server.links['ann']).undo()
                acknowledged = len(events_of(project))
    finally:
        server.stop()
    assert acknowledged >= 12


def events_of(project):
    from depth_anything_ros.annotation.project import open_project
    from depth_anything_ros.annotation.release import annotations_of

    opened = open_project(project)
    annotations_of(opened)  # what stands there follows from the log
    events = opened.rows('SELECT nonce FROM events ORDER BY id')
    opened.close()
    return events
