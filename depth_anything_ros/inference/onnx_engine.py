# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine for exported models: ONNX Runtime with the best provider there is, without torch."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from depth_anything_ros.inference.onnx_card import OnnxModelError
from depth_anything_ros.inference.onnx_pictures import network_input, resize_depth
from depth_anything_ros.inference.onnx_session import (
    PROVIDERS,
    OnnxFile,
    ProviderError,
    open_checked,
    run_session,
)

logger = logging.getLogger(__name__)

MAX_SESSIONS = 4
"""Network sizes that TensorRT keeps engines of: pictures of more sizes than that are rare."""


class OnnxEngine:
    """Run an exported model with the first of some providers that gives torch's depth.

    ``names`` are keys of PROVIDERS, best first. One that does not start, or whose depth is not
    torch's, is logged and never tried again. TensorRT builds an engine for each network size, at
    its first picture or warm-up, which takes minutes unless it is in the cache; its other sizes
    stay. Raises ProviderError, here or in ``run``, when no provider is left.
    """

    def __init__(self, file: OnnxFile, names: Sequence[str]) -> None:
        self._file = file
        self._names = list(names)
        self._sessions: OrderedDict[tuple[int, int] | None, Any] = OrderedDict()
        if self._names[:1] != ['tensorrt']:  # which would build for a size that nobody asks for
            self._session_for(file.card.reference_size)

    @property
    def provider(self) -> str:
        """The provider in use, a key of PROVIDERS, or the one to be tried first."""
        return self._names[0] if self._names else 'none'

    def run(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray]:
        """Return the pictures' depth, see Engine."""
        only = self._file.card.fixed_size
        if only not in (None, size):
            raise OnnxModelError(
                f'{self._file.path} was exported for {only[0]} x {only[1]} alone, not for '
                f'{size[0]} x {size[1]}; export it with --dynamic'
            )
        session = self._session_for(size)
        images = np.stack([network_input(rgb, size) for rgb in pictures])
        # One picture fills a processor, TensorRT's engines and fixed files take no more.
        together = self.provider == 'cuda' and only is None
        step = len(images) if together else 1
        depths = [
            depth
            for start in range(0, len(images), step)
            for depth in run_session(session, images[start : start + step])
        ]
        if at_network_size:
            return [depth.copy() for depth in depths] if step > 1 else depths
        return [
            resize_depth(depth, rgb.shape[:2]) for depth, rgb in zip(depths, pictures, strict=True)
        ]

    def _session_for(self, size: tuple[int, int]) -> Any:
        """Return a session for a network size, from the first provider that can be trusted."""
        reasons = []
        while self._names:
            name = self._names[0]
            key = size if name == 'tensorrt' else None
            if key in self._sessions:
                self._sessions.move_to_end(key)
                return self._sessions[key]
            try:
                session = open_checked(self._file, name, size)
            except ProviderError as error:
                logger.warning('%s is refused for %s: %s', PROVIDERS[name], self._file.path, error)
                reasons.append(f'{PROVIDERS[name]}: {error}')
                self._names.pop(0)
                self._sessions.clear()
                continue
            self._sessions[key] = session
            if len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
            return session
        raise ProviderError(
            f'{self._file.path} cannot be run here; {"; ".join(reasons) or "no provider is left"}'
        )
