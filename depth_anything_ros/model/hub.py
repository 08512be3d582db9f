# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where weights come from: the package, the Hugging Face hub, or a file of the user's own.

A file that is in the cache is used without asking the hub, so a robot starts without a network
and never changes its weights by itself. The environment variables of huggingface_hub hold
(HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_HUB_OFFLINE, HF_TOKEN), read anew at every call.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import (
    cached_assets_path,
    constants,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RevisionNotFoundError,
)

from depth_anything_ros.model.catalog import (
    CATALOG,
    WEIGHTS_FOLDER,
    ModelCard,
    UnknownModelError,
)

logger = logging.getLogger(__name__)

_TRANSPORT_ERROR: type[Exception] = next(
    base for base in reversed(HfHubHTTPError.__mro__) if base.__module__ != 'builtins'
)
"""The base of the HTTP library's errors; huggingface_hub 1.0 changed that library."""


class DownloadError(RuntimeError):
    """Weights that cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class HubSettings:
    """What the environment says about the hub at this moment."""

    endpoint: str
    cache: Path
    assets: Path
    offline: bool

    @classmethod
    def from_environment(cls) -> HubSettings:
        """Read the variables; huggingface_hub itself reads them once, when it is imported."""
        home = os.environ.get('HF_HOME')
        base = Path(home).expanduser() if home else Path(constants.HF_HOME)
        offline = os.environ.get('HF_HUB_OFFLINE', '').upper() in ('1', 'ON', 'YES', 'TRUE')
        return cls(
            endpoint=(os.environ.get('HF_ENDPOINT') or constants.ENDPOINT).rstrip('/'),
            cache=Path(os.environ.get('HF_HUB_CACHE') or base / 'hub').expanduser(),
            assets=Path(os.environ.get('HF_ASSETS_CACHE') or base / 'assets').expanduser(),
            offline=offline or constants.HF_HUB_OFFLINE,
        )


def locate(name_or_path: str | Path) -> tuple[ModelCard | None, Path]:
    """Return the card and the file of a model by name, or no card and the path of a local file.

    A name is fetched where needed. What is neither a name nor a file is an ``UnknownModelError``.
    """
    card = CATALOG.get(str(name_or_path))
    if card is not None:
        return card, fetch(card)
    path = Path(os.path.expanduser(name_or_path))  # pathlib's raises where there is no such home
    if not os.path.exists(path):
        raise UnknownModelError(
            f'{str(name_or_path)!r} is neither a file nor a model; the models are '
            f'{", ".join(CATALOG)}'
        )
    return None, path


def fetch(card: ModelCard, check: bool = False) -> Path:
    """Return the weights file of a model, downloading it once; every failure a ``DownloadError``.

    A fresh download shows a progress bar, goes on by itself after a broken connection, and is
    compared with the digest that the hub states, and with the card's where it has one; a file
    that differs is removed again. With ``check`` a file of the cache is compared too, and replaced
    when it is damaged. The licence of non-commercial weights is logged once a machine.
    """
    if card.shipped:
        return _shipped_file(card)
    if card.repository is None or card.filename is None:
        raise DownloadError(
            f'model {card.name} was never published, so there is nothing to download; '
            'give the path of a local checkpoint'
        )
    settings = HubSettings.from_environment()
    cached = try_to_load_from_cache(
        card.repository, card.filename, cache_dir=settings.cache, revision=card.revision
    )
    found = Path(cached) if isinstance(cached, str) else None
    if found is not None and check and not is_whole(card, found):
        logger.warning('%s is damaged: removing it and fetching it again', found)
        _remove(found)
        found = None
    path = found or _download(card, settings)
    _announce_licence(card, settings)
    return path


def _shipped_file(card: ModelCard) -> Path:
    assert card.filename is not None
    path = WEIGHTS_FOLDER / card.filename
    if not path.is_file():
        raise DownloadError(f'{path} is missing from the installation; install the package again')
    if card.sha256 is not None and _sha256(path) != card.sha256:
        raise DownloadError(
            f'{path} is not the file that {card.name}.json describes (its sha256 differs); '
            'install the package again'
        )
    return path


def _download(card: ModelCard, settings: HubSettings) -> Path:
    assert card.repository is not None and card.filename is not None
    if settings.offline:
        raise DownloadError(
            f'model {card.name} is not in the cache {settings.cache} and HF_HUB_OFFLINE forbids '
            f'downloading it; unset HF_HUB_OFFLINE once, or {_by_hand(card)}'
        )
    url = hf_hub_url(
        card.repository, card.filename, revision=card.revision, endpoint=settings.endpoint
    )
    try:
        # Asked first, because this fails at once where hf_hub_download would retry for long.
        stated = get_hf_file_metadata(url, endpoint=settings.endpoint)
        _require_space(settings.cache, stated.size)
        logger.info('downloading %s from %s', card.name, url)
        path = Path(
            hf_hub_download(
                card.repository,
                card.filename,
                revision=card.revision,
                cache_dir=settings.cache,
                endpoint=settings.endpoint,
            )
        )
    # RuntimeError is what the Xet transfer raises.
    except (_TRANSPORT_ERROR, EntryNotFoundError, OSError, ValueError, RuntimeError) as error:
        raise DownloadError(_explain(card, settings, url, error)) from error
    _verify(card, path, stated.etag)
    return path


def _by_hand(card: ModelCard) -> str:
    return (
        f'fetch {card.filename} of huggingface.co/{card.repository} on another machine and give '
        'its path'
    )


def _require_space(cache: Path, size: int | None) -> None:
    """Raise ENOSPC before a download that cannot fit; ``size`` in bytes, None when not told."""
    folder = next(p for p in (cache, *cache.absolute().parents) if p.exists())
    free = shutil.disk_usage(folder).free
    if size is not None and free < size:
        raise OSError(
            errno.ENOSPC,
            f'{size / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free',
            str(cache),
        )


def _explain(card: ModelCard, settings: HubSettings, url: str, error: Exception) -> str:
    """Say what went wrong with a download and what to do about it."""
    what = f'model {card.name} could not be downloaded from {url}'
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if isinstance(error, OfflineModeIsEnabled):
        return f'{what}: the hub is in offline mode; unset HF_HUB_OFFLINE, or {_by_hand(card)}'
    status = getattr(getattr(error, 'response', None), 'status_code', None)
    if isinstance(error, RevisionNotFoundError):
        return f'{what}: it has no revision {card.revision}; {_by_hand(card)}'
    if status == 404:
        return (
            f'{what}: there is no such file (404); it was moved or removed, or HF_ENDPOINT '
            f'({settings.endpoint}) is a mirror without it; give the path of a local checkpoint'
        )
    if status in (401, 403):
        return (
            f'{what}: access is refused ({status}), or the repository is gone; accept the terms '
            f'on the page of {card.repository} and log in with "hf auth login" or HF_TOKEN, or '
            f'{_by_hand(card)}'
        )
    if status is not None:
        return f'{what}: the server answers {status}; try again later, or {_by_hand(card)}'
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f'{what}: the disk is full ({error.strerror}); make room in {settings.cache} or set '
            'HF_HOME to a larger disk'
        )
    if isinstance(error, PermissionError):
        return f'{what}: {settings.cache} cannot be written; set HF_HOME to a folder that can'
    if 'Consistency check failed' in reason:
        return f'{what}: the file came truncated ({reason}); try again, or {_by_hand(card)}'
    if isinstance(error, (_TRANSPORT_ERROR, ConnectionError, TimeoutError)):
        return (
            f'{what}: no connection ({reason}); check the network, a proxy (HTTPS_PROXY) or a '
            f'mirror (HF_ENDPOINT), or {_by_hand(card)}'
        )
    return f'{what}: {reason}; try again, or {_by_hand(card)}'


def _verify(card: ModelCard, path: Path, etag: str | None) -> None:
    """Compare a fresh file with the card's digest and the hub's; remove it when it differs."""
    expected = _digests(card, etag)
    if not expected:
        logger.warning(
            '%s was downloaded, but nothing states its sha256 to verify it by', card.name
        )
        return
    found = _sha256(path)
    if expected == {found}:
        return
    _remove(path)
    raise DownloadError(
        f'model {card.name} arrived with the wrong content: its sha256 is {found}, expected was '
        f'{" and ".join(sorted(expected))}; the file was removed. Try again; if it comes back, a '
        f'proxy or mirror alters it: {_by_hand(card)}'
    )


def is_whole(card: ModelCard, path: Path) -> bool:
    """Compare a cached file with the card's digest and the hub's, which names its blob."""
    expected = _digests(card, path.resolve().name)
    if not expected:
        logger.warning('nothing states the sha256 of %s; remove it to fetch it again', path)
        return True
    return expected == {_sha256(path)}


def _digests(card: ModelCard, etag: str | None) -> set[str]:
    """Return what must be the sha256 of a file.

    The hub's etag is that for all that it stores as large files; what is shorter is a git object id
    and says nothing about the content as such.
    """
    stated = {etag} if etag is not None and re.fullmatch(r'[0-9a-f]{64}', etag) else set()
    return stated | ({card.sha256} if card.sha256 else set())


def _remove(path: Path) -> None:
    """Remove a file from the cache, and the blob that it links to."""
    blob = path.resolve()
    try:
        path.unlink()
        blob.unlink(missing_ok=True)
    except OSError as error:
        raise DownloadError(
            f'{path} is damaged and cannot be removed ({error.strerror}); remove it by hand'
        ) from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _announce_licence(card: ModelCard, settings: HubSettings) -> None:
    """Log the licence of weights that must not be used commercially, once a machine."""
    if not card.non_commercial:
        return
    text = f'the weights of {card.name} are licensed {card.licence}: no commercial use'
    try:
        folder = cached_assets_path(
            'depth_anything_ros', namespace='licences', assets_dir=settings.assets
        )
        marker = folder / card.name
        if marker.exists():
            return
        marker.write_text(f'{text}\n')
    except OSError as error:
        logger.debug('the notice cannot be remembered in %s: %s', settings.assets, error)
    logger.warning('%s', text)
