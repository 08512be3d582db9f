# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium driven over its DevTools pipe, which needs nothing but the browser.

Messages are JSON with a NUL behind each, written to descriptor 3 of the browser and read from 4.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

BROWSER = next(
    filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None
)
FLAGS = (
    '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking',
    '--no-first-run', '--disable-component-update', '--disable-dev-shm-usage', '--no-proxy-server',
    '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--remote-debugging-pipe',
    '--hide-scrollbars',
)  # fmt: skip
PATIENCE = 90.0
"""Seconds after which a browser that does not answer has failed; it takes one or two."""


class BrowserError(AssertionError):
    """The browser did not do what it was asked, or a page threw an error."""


class Browser:
    """A browser with one page; what pages log or ask the network for is kept.

    ``complaints`` are errors and warnings of the console, and exceptions; ``requests`` are the
    addresses that were asked for.
    """

    def __init__(self, profile: Path) -> None:
        assert BROWSER is not None
        down, self._out = os.pipe()
        self._in, up = os.pipe()
        # The browser's ends must be 3 and 4: a shell moves them there.
        moved = f'exec {BROWSER} "$@" 3<&{down} 4>&{up}'
        self._process = subprocess.Popen(
            ['bash', '-c', moved, 'bash', *FLAGS, f'--user-data-dir={profile}', 'about:blank'],
            pass_fds=(down, up),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(down)
        os.close(up)
        self._waiting, self._number, self._session = b'', 0, ''
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.loaded = 0
        target = self._page_target()
        answer = self.ask('Target.attachToTarget', targetId=target, flatten=True)
        self._session = answer['sessionId']
        for domain in ('Page', 'Runtime', 'Network', 'Log'):
            self.ask(f'{domain}.enable')

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._out)  # the end of its pipe ends the browser
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()
        os.close(self._in)

    def _page_target(self) -> str:
        for target in self.ask('Target.getTargets')['targetInfos']:
            if target['type'] == 'page':
                return str(target['targetId'])
        return str(self.ask('Target.createTarget', url='about:blank')['targetId'])

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command of the DevTools protocol and return its result."""
        self._number += 1
        message: dict[str, Any] = {'id': self._number, 'method': method, 'params': parameters}
        if self._session:
            message['sessionId'] = self._session
        os.write(self._out, json.dumps(message).encode() + b'\0')
        while True:
            answer = self._next()
            if answer.get('id') == self._number:
                if 'error' in answer:
                    raise BrowserError(f'{method}: {answer["error"]}')
                return answer['result']

    def _next(self) -> dict[str, Any]:
        """Return the next message, after keeping what there is to keep of it."""
        end = time.monotonic() + PATIENCE
        while b'\0' not in self._waiting:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            content = os.read(self._in, 1 << 20) if ready else b''
            if not content:
                raise BrowserError('it does not answer')
            self._waiting += content
        text, _, self._waiting = self._waiting.partition(b'\0')
        message: dict[str, Any] = json.loads(text)
        self._keep(message.get('method', ''), message.get('params', {}))
        return message

    def _keep(self, event: str, facts: dict[str, Any]) -> None:
        if event == 'Runtime.exceptionThrown':
            self.complaints.append(json.dumps(facts['exceptionDetails']))
        elif event == 'Runtime.consoleAPICalled':
            self.complaints.append(json.dumps(facts['args']))
        elif event == 'Log.entryAdded':
            self.complaints.append(json.dumps(facts['entry']))
        elif event == 'Network.requestWillBeSent':
            self.requests.append(facts['request']['url'])
        elif event == 'Page.loadEventFired':
            self.loaded += 1

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        before = self.loaded
        self.ask('Page.navigate', url=address)
        while self.loaded == before:
            self._next()

    def size(self, width: int, height: int, phone: bool = False, dark: bool = False) -> None:
        """Set the size of the window in CSS pixels, and what the page is told of it."""
        self.ask(
            'Emulation.setDeviceMetricsOverride',
            width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone,
        )  # fmt: skip
        self.ask('Emulation.setTouchEmulationEnabled', enabled=phone)
        scheme = {'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}
        self.ask('Emulation.setEmulatedMedia', features=[scheme])

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        answer = self.ask(
            'Runtime.evaluate', expression=script, awaitPromise=True, returnByValue=True
        )
        if 'exceptionDetails' in answer:
            raise BrowserError(json.dumps(answer['exceptionDetails']))
        return answer['result'].get('value')

    def wait(self, condition: str) -> None:
        """Wait until an expression is true in the page."""
        end = time.monotonic() + PATIENCE
        while not self.run(f'Boolean({condition})'):
            if time.monotonic() > end:
                raise BrowserError(f'this did not become true: {condition}')
            time.sleep(0.05)

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """Return left, top, width and height of an element, in CSS pixels."""
        found = self.run(
            f'(() => {{ const b = document.querySelector({json.dumps(selector)})'
            '.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()'
        )
        left, top, width, height = found
        return left, top, width, height

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Send mousePressed, mouseReleased, mouseMoved or mouseWheel."""
        self.ask('Input.dispatchMouseEvent', type=kind, x=x, y=y, **more)

    def click(self, selector: str) -> None:
        """Click on the middle of an element."""
        left, top, width, height = self.box(selector)
        at = left + width / 2, top + height / 2
        self.mouse('mouseMoved', *at)
        self.mouse('mousePressed', *at, button='left', buttons=1, clickCount=1)
        self.mouse('mouseReleased', *at, button='left', clickCount=1)

    def press(self, key: str, **more: Any) -> None:
        """Press and release a key, by its DOM name."""
        text = {'text': key} if len(key) == 1 else {}
        for kind in ('keyDown', 'keyUp'):
            self.ask(
                'Input.dispatchKeyEvent',
                type=kind,
                key=key,
                **(text if kind == 'keyDown' else {}),
                **more,
            )

    def picture(self) -> bytes:
        """Return what the window shows, as a PNG."""
        return base64.b64decode(self.ask('Page.captureScreenshot', format='png')['data'])
