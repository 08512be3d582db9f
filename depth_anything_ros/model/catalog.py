# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The checkpoints that can be asked for by name, and the facts of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depth_anything_ros.depth import DepthKind

WEIGHTS_FOLDER = Path(__file__).parent / 'weights'
"""Where the checkpoint that comes with the package lies."""

APACHE = 'Apache-2.0'
NON_COMMERCIAL = 'CC-BY-NC-4.0'
INDOOR_MAX_DEPTH = 20.0
OUTDOOR_MAX_DEPTH = 80.0


class UnknownModelError(ValueError):
    """A model name that is not in the catalog."""


class CatalogError(RuntimeError):
    """The facts of the shipped checkpoint cannot be read: the installation is damaged."""


@dataclass(frozen=True)
class ModelCard:
    """One checkpoint and its facts.

    ``size`` names a network of ``configuration.SIZES``; ``max_depth`` is in metres, None for a
    relative model. ``repository`` is a Hugging Face repository, None where nothing is published.
    ``sha256`` is set only where the digest is known for certain. ``input_size`` is the shorter
    side in pixels at which the network sees a picture by default.
    """

    name: str
    size: str
    max_depth: float | None
    repository: str | None
    filename: str | None
    licence: str
    # The commits of the published repositories are not known here, so none is pinned; what the
    # hub states as the file's digest is verified after a download instead.
    revision: str = 'main'
    sha256: str | None = None
    input_size: int = 518

    @property
    def kind(self) -> DepthKind:
        """What the network's output means."""
        return DepthKind.RELATIVE if self.max_depth is None else DepthKind.METRIC

    @property
    def non_commercial(self) -> bool:
        """Whether the licence of the weights forbids commercial use."""
        return self.licence == NON_COMMERCIAL

    @property
    def shipped(self) -> bool:
        """Whether the weights come with the package."""
        return self.repository is None and self.filename is not None


def _published(name: str, size: str, data: str, max_depth: float | None) -> ModelCard:
    """Return the card of an official checkpoint; ``data`` is the training set or empty.

    Licences are those of the official README: Small Apache-2.0, Base and Large CC-BY-NC-4.0.
    The metric models are not named there. Each is fine-tuned from the relative encoder of its
    size, so each carries that encoder's licence: metric Small is Apache-2.0 (its VKITTI page on
    the hub is tagged so too), metric Base and Large stay non-commercial although some of their
    pages are tagged Apache-2.0, because a tag cannot widen the licence of what they come from.
    """
    title = size.capitalize()
    middle = f'Metric-{data}-{title}' if data else title
    infix = f'metric_{data.lower()}_' if data else ''
    return ModelCard(
        name=name,
        size=size,
        max_depth=max_depth,
        repository=f'depth-anything/Depth-Anything-V2-{middle}',
        filename=f'depth_anything_v2_{infix}vit{size[0]}.pth',
        licence=APACHE if size == 'small' else NON_COMMERCIAL,
    )


def shipped_card(folder: Path = WEIGHTS_FOLDER) -> ModelCard:
    """Return nano's card from the facts file beside its weights; plain defaults without one."""
    path = folder / 'nano.json'
    try:
        facts: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
        max_depth = facts.get('max_depth')
        return ModelCard(
            name='nano',
            size=str(facts.get('size', 'nano')),
            max_depth=None if max_depth is None else float(max_depth),
            repository=None,
            filename='nano.safetensors',
            licence=str(facts.get('licence', APACHE)),
            sha256=facts.get('sha256'),
            input_size=int(facts.get('input_size', 518)),
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise CatalogError(f'{path} is damaged ({error}); install the package again') from error


def _build_catalog() -> dict[str, ModelCard]:
    cards = [shipped_card()]
    cards += [_published(size, size, '', None) for size in ('small', 'base', 'large')]
    # Announced by the authors as coming and never published: for a file of one's own only.
    cards.append(ModelCard('giant', 'giant', None, None, None, NON_COMMERCIAL))
    for place, data, max_depth in (
        ('indoor', 'Hypersim', INDOOR_MAX_DEPTH),
        ('outdoor', 'VKITTI', OUTDOOR_MAX_DEPTH),
    ):
        for size in ('small', 'base', 'large'):
            cards.append(_published(f'metric-{place}-{size}', size, data, max_depth))
    return {card.name: card for card in cards}


CATALOG: dict[str, ModelCard] = _build_catalog()


def card_for(name: str) -> ModelCard:
    """Return the card of a model by name; ``UnknownModelError`` lists the names there are."""
    if name not in CATALOG:
        raise UnknownModelError(f'unknown model {name!r}; choose one of {", ".join(CATALOG)}')
    return CATALOG[name]
