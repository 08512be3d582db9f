# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a report's file holds, read as a browser reads it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.report_codec import CodedDepth

VOID = {'meta', 'img', 'input', 'link', 'br', 'hr'}


class Page(HTMLParser):
    """A parsed page: its elements, the texts of those with an id, and what was not closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = path.read_text(encoding='utf-8')
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, str] = {}
        self.scripts: list[str] = []
        self.title = ''
        self._block = ''
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag not in VOID:
            self.open.append(tag)
        self._block = str(found.get('id', '')) if tag == 'script' else ''

    def handle_endtag(self, tag: str) -> None:
        """Close an element, which must be the innermost."""
        assert self.open.pop() == tag
        self._block = ''

    def handle_data(self, data: str) -> None:
        """Keep what stands in scripts and the title."""
        inside = self.open[-1] if self.open else ''
        if inside == 'title':
            self.title += data
        elif inside == 'script' and self._block:
            self.blocks[self._block] = self.blocks.get(self._block, '') + data
        elif inside == 'script':
            self.scripts.append(data)

    @property
    def data(self) -> Any:
        """What the page tells its script."""
        return json.loads(self.blocks['data'])

    def values(self, number: int) -> np.ndarray:
        """Return the depth (h, w) of a picture as the page computes it."""
        facts = self.data['pictures'][number]
        width, height = facts['grid']
        least, greatest = facts['limits']
        codes = unpacked(self.blocks[f'depth-{number}'], width, height)
        return CodedDepth(codes, DepthKind(facts['kind']), least, greatest).values()

    def picture(self, name: str) -> np.ndarray:
        """Return a picture of the page, (h, w, 3) uint8 RGB."""
        content = np.frombuffer(base64.b64decode(self.blocks[name]), np.uint8)
        return cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1]


def unpacked(text: str, width: int, height: int) -> np.ndarray:
    """Undo report_codec.packed, by sums instead of one after the other as the page does."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8).astype(np.int32)
    folded = planes[: width * height] | planes[width * height :] << 8
    rest = (folded >> 1) ^ -(folded & 1)
    return rest.reshape(height, width).cumsum(0).cumsum(1).astype(np.uint16)


def addresses(text: str) -> list[str]:
    """Return what in a page could make a browser fetch something."""
    return re.findall(r'https?:|//\w+\.\w+|url\(|@import|\bimport\s*[\'"(]|fetch\(', text)
