# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who may talk to the review page: this machine's own names, and people with a token.

A page of another site that the browser has open can send requests to 127.0.0.1, and by DNS
rebinding even read the answers. So the Host header must be a name of this machine, the Origin the
page's own, and every request for data carries a token in a header, which no other page knows and
no browser adds by itself, as it does with cookies, which all ports of a machine share.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping

NAMES = ('127.0.0.1', 'localhost')
"""What the page may be called by; the port may be another one, such as that of an SSH tunnel."""

NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}')
SCHEME = 'Bearer '

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    'Content-Security-Policy': PAGE_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'X-Frame-Options': 'DENY',
    'Cache-Control': 'no-store',
}
"""What every answer says."""


class NameOfAnnotatorError(ValueError):
    """A name that no annotator can have."""


def check_name(name: str) -> str:
    """Return the name of an annotator. Raises NameOfAnnotatorError."""
    if NAME.fullmatch(name) is None or name != name.strip():
        raise NameOfAnnotatorError(
            f'{name!r} cannot be the name of an annotator: up to 40 letters, digits, spaces and '
            '._- that begin with a letter or digit'
        )
    return name


def token_for(secret: str, annotator: str) -> str:
    """Return the token of an annotator; it stays until the project gets another secret."""
    return hmac.new(secret.encode(), annotator.encode(), hashlib.sha256).hexdigest()[:40]


def annotator_of(authorization: str | None, secret: str, annotators: Collection[str]) -> str | None:
    """Return whose token an Authorization header has; None for nobody's."""
    if authorization is None or not authorization.startswith(SCHEME):
        return None
    token = authorization.removeprefix(SCHEME).strip().encode()
    found = None
    for annotator in annotators:  # all of them, so that time tells nothing
        if hmac.compare_digest(token, token_for(secret, annotator).encode()):
            found = annotator
    return found


def refusal(headers: Mapping[str, str | None]) -> str | None:
    """Return why a request is refused for where it comes from; None where it is not.

    ``headers`` are asked for Host, Origin and Sec-Fetch-Site.
    """
    host = headers.get('Host') or ''
    name, _, port = host.partition(':')
    if name.lower() not in NAMES or not (port.isdecimal() or not port):
        return f'this page is called {NAMES[0]}, not {host[:80]!r}'
    origin = headers.get('Origin')
    if origin is not None and origin.lower() != f'http://{host.lower()}':
        return 'this comes from another page'
    # What browsers say of themselves; 'none' is an address that somebody typed.
    if headers.get('Sec-Fetch-Site') not in (None, 'same-origin', 'none'):
        return 'this comes from another site'
    return None
