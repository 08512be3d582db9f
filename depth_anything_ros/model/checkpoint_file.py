# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a weights file holds: its tensors under the official names, and what it says of itself."""

from __future__ import annotations

import json
import pickle
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from depth_anything_ros.model.keys import (
    KeyMappingError,
    is_transformers_layout,
    official_from_transformers,
)

_WRAPPERS = ('averaged', 'model', 'state_dict')
"""Where trainers keep the weights; the average of a run is better than its last step."""

_PREFIXES = ('module.', '_orig_mod.', 'model.')
"""What data-parallel training, torch.compile and Lightning put before every name."""


_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)
"""What torch.load raises on a damaged file, depending on where the damage lies."""


_MOST_WRAPPERS = 4
"""Dicts in dicts that trainers put around the weights; a pickle may hold itself."""

_MOST_FACTS = 2**20
"""Bytes of the largest JSON file that is read beside the weights."""


class CheckpointError(RuntimeError):
    """A weights file that cannot be used; the message names it and says what to do."""


@dataclass(frozen=True)
class CheckpointFile:
    """The contents of one weights file.

    ``tensors`` have official names and may still be backed by the file on disk. ``metadata`` is
    the file's own header (safetensors) and ``entries`` the plain values that a trainer stored
    beside the weights; ``sidecar`` is what a JSON file next to it says (``config.json`` of
    transformers, or a facts file of the same stem).
    """

    path: Path
    tensors: dict[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, Any] = field(default_factory=dict)
    sidecar: Mapping[str, Any] = field(default_factory=dict)
    sidecar_name: str = ''


def read_checkpoint(path: str | Path) -> CheckpointFile:
    """Read a .pth, .pt or .safetensors file with all that it and its neighbours say.

    The format is told by the first bytes, not by the file's name. Nothing in the file is executed.
    Wrapped dicts of trainers are opened and transformers' names translated. Every defect is a
    ``CheckpointError`` that names the file.
    """
    try:
        path = Path(path).expanduser()
    except RuntimeError as error:
        raise CheckpointError(f'{path} cannot be found: {error}') from error
    head = _read_head(path)
    metadata: Mapping[str, str] = {}
    entries: Mapping[str, Any] = {}
    if head[8:9] == b'{':
        state, metadata = _read_safetensors(path)
    elif head.startswith((b'PK\x03\x04', b'\x80')):
        state, entries = _unwrap(path, _read_pickle(path, zipped=head.startswith(b'PK')))
    else:
        raise CheckpointError(_explain_foreign(path, head))
    _require_plain(path, state)
    state = _strip_prefixes(state)
    transformers = is_transformers_layout(state)
    if transformers:
        try:
            state = official_from_transformers(state)
        except KeyMappingError as error:
            raise CheckpointError(
                f'{path} looks like a transformers checkpoint, but {error}; '
                'give a Depth Anything V2 checkpoint'
            ) from error
    name, sidecar = _read_sidecar(path, transformers)
    return CheckpointFile(path, state, metadata, entries, sidecar, name)


def _read_head(path: Path) -> bytes:
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir() if p.suffix in ('.safetensors', '.pth'))
        hint = f'give a file in it: {", ".join(inside[:3])}' if inside else 'give a weights file'
        raise CheckpointError(f'{path} is a folder; {hint}')
    if path.exists() and not path.is_file():  # a pipe would be waited for without end
        raise CheckpointError(f'{path} is no file but a device or a pipe; give a weights file')
    try:
        with path.open('rb') as file:
            head = file.read(512)
    except FileNotFoundError as error:
        raise CheckpointError(f'{path} does not exist; check the path') from error
    except (OSError, ValueError) as error:  # a ValueError for a zero in the name
        raise CheckpointError(f'{path} cannot be read: {error}') from error
    if not head:
        raise CheckpointError(f'{path} is empty; download or copy it again')
    return head


def _explain_foreign(path: Path, head: bytes) -> str:
    """Say what a file is that is no checkpoint."""
    text = head.lstrip().lower()
    if text.startswith((b'<!doctype', b'<html', b'<?xml')):
        return (
            f'{path} is a web page, not weights (a link to a page was downloaded); '
            'use the download link of the file itself, with /resolve/ in place of /blob/'
        )
    if text.startswith(b'version https://git-lfs'):
        return (
            f'{path} is a git-LFS pointer, not weights; run "git lfs pull" in its repository '
            'or download the file itself'
        )
    return (
        f'{path} is neither a PyTorch nor a safetensors file (it begins with {head[:8]!r}); '
        'give a .pth or .safetensors checkpoint, or download it again'
    )


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    try:
        with safe_open(str(path), framework='pt', device='cpu') as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return state, file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f'{path} is a broken safetensors file ({error}); it is probably truncated: '
            'download or copy it again'
        ) from error


def _read_pickle(path: Path, zipped: bool) -> Any:
    try:
        if zipped:
            _require_stored(path)
        # Only zip archives can be mapped; the mapping saves one copy of the weights in memory.
        return torch.load(path, map_location='cpu', weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        # torch names the class or function that the file asks for; its advice would open a hole.
        found = re.search(r'GLOBAL (\S+)', str(error))
        if found is None:
            raise CheckpointError(
                f'{path} is damaged, or a pickle that PyTorch did not write; copy it again, or '
                'save the weights with torch.save(network.state_dict(), path)'
            ) from error
        raise CheckpointError(
            f'{path} would have to run code to be opened (it asks for {found[1]}), which is '
            'refused; in the program that wrote it, save nothing but the weights: '
            'torch.save(network.state_dict(), path)'
        ) from error
    except _BROKEN as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f'{path} is a broken PyTorch file ({reason}); it is probably truncated: '
            'download or copy it again'
        ) from error


def _require_stored(path: Path) -> None:
    """Refuse an archive that grows when it is read; torch stores everything as it is."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    plain = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
    if not plain or sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise CheckpointError(
            f'{path} is compressed or larger inside than outside, which PyTorch never writes; '
            'unpack it, or download it again'
        )


def _require_plain(path: Path, state: Mapping[str, Tensor]) -> None:
    """Refuse tensors without data of their own, before anything is made of them.

    A pickle of a few bytes can claim sparse, empty or repeated tensors of any size.
    """
    total = 0
    for name, tensor in state.items():
        dense = tensor.layout is torch.strided and tensor.device.type == 'cpu'
        if not dense or tensor.is_quantized or not tensor.is_floating_point():
            raise CheckpointError(
                f'{path}: {name!r} is {tensor.dtype}, {tensor.layout} on {tensor.device}, where '
                'plain floating-point tensors are expected; save the weights with '
                'torch.save(network.state_dict(), path)'
            )
        total += tensor.numel() * tensor.element_size()
    if total > path.stat().st_size:
        raise CheckpointError(
            f'{path} claims {total} bytes of weights and has {path.stat().st_size}: its tensors '
            'repeat their data; save copies of them'
        )


def _unwrap(path: Path, loaded: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Find the state dict in what a trainer saved; return it and the plain values around it."""
    entries: dict[str, Any] = {}
    for _ in range(_MOST_WRAPPERS):
        if not isinstance(loaded, Mapping):
            break
        wrapper = next((key for key in _WRAPPERS if isinstance(loaded.get(key), Mapping)), None)
        if wrapper is None:
            break
        entries.update({k: v for k, v in loaded.items() if isinstance(v, (str, int, float, dict))})
        for weights in _WRAPPERS:
            entries.pop(weights, None)
        loaded = loaded[wrapper]
    if not isinstance(loaded, Mapping):
        raise CheckpointError(
            f'{path} holds a {type(loaded).__name__}, not a state dict; save the weights with '
            'torch.save(network.state_dict(), path)'
        )
    state = {key: value for key, value in loaded.items() if isinstance(key, str)}
    alien = [key for key, value in state.items() if not isinstance(value, Tensor)]
    if alien or not state or len(state) < len(loaded):
        what = 'it is empty' if not loaded else 'it has keys that are no names'
        if alien:
            what = f'{alien[0]!r} is a {type(state[alien[0]]).__name__}'
        raise CheckpointError(
            f'{path} holds no state dict: {what}, where tensors are expected; the weights may lie '
            f'bare or under one of the keys {", ".join(_WRAPPERS)}'
        )
    return state, entries


def _strip_prefixes(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Drop what wrappers of the network put before every name."""
    while True:
        prefix = next((p for p in _PREFIXES if all(name.startswith(p) for name in state)), None)
        if prefix is None or not state:
            return state
        state = {name[len(prefix) :]: tensor for name, tensor in state.items()}


def _read_sidecar(path: Path, transformers: bool) -> tuple[str, Mapping[str, Any]]:
    """Read the JSON file that describes ``path``: its own facts, or transformers' config."""
    candidates = [path.with_suffix('.json')]
    if transformers:
        candidates.append(path.with_name('config.json'))
    for candidate in candidates:
        if candidate != path and candidate.is_file():
            try:
                with candidate.open(encoding='utf-8') as file:
                    facts = json.loads(file.read(_MOST_FACTS))
            except (OSError, ValueError, RecursionError) as error:
                raise CheckpointError(
                    f'{candidate}, which describes {path.name}, is no valid JSON ({error}); '
                    'mend or remove it'
                ) from error
            if isinstance(facts, dict):
                return candidate.name, facts
    return '', {}
