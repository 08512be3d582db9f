# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The models by name and their facts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.model.catalog import (
    CATALOG,
    CatalogError,
    UnknownModelError,
    card_for,
    shipped_card,
)
from depth_anything_ros.model.configuration import SIZES

NAMES = ['nano', 'small', 'base', 'large', 'giant'] + [
    f'metric-{place}-{size}'
    for place in ('indoor', 'outdoor')
    for size in ('small', 'base', 'large')
]


def test_every_model_is_listed_once_under_its_own_name():
    assert list(CATALOG) == NAMES
    assert all(card.name == name and card.size in SIZES for name, card in CATALOG.items())


@pytest.mark.parametrize(
    ('name', 'repository', 'filename', 'max_depth'),
    [
        ('small', 'Depth-Anything-V2-Small', 'depth_anything_v2_vits.pth', None),
        ('large', 'Depth-Anything-V2-Large', 'depth_anything_v2_vitl.pth', None),
        (
            'metric-indoor-base',
            'Depth-Anything-V2-Metric-Hypersim-Base',
            'depth_anything_v2_metric_hypersim_vitb.pth',
            20.0,
        ),
        (
            'metric-outdoor-small',
            'Depth-Anything-V2-Metric-VKITTI-Small',
            'depth_anything_v2_metric_vkitti_vits.pth',
            80.0,
        ),
    ],
)
def test_published_models_name_the_official_files(name, repository, filename, max_depth):
    card = card_for(name)

    assert (card.repository, card.filename) == (f'depth-anything/{repository}', filename)
    assert card.max_depth == max_depth
    assert card.kind is (DepthKind.RELATIVE if max_depth is None else DepthKind.METRIC)
    assert card.input_size == 518


def test_only_small_and_nano_may_be_used_commercially():
    free = {name for name, card in CATALOG.items() if not card.non_commercial}

    assert free == {'nano', 'small', 'metric-indoor-small', 'metric-outdoor-small'}


def test_giant_has_nothing_to_download_and_nano_comes_with_the_package():
    assert card_for('giant').repository is None
    assert not card_for('giant').shipped
    assert card_for('nano').shipped


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownModelError, match='huge.*nano, small, base.*metric-outdoor-large'):
        card_for('huge')


def test_the_shipped_model_takes_its_facts_from_the_file_beside_it(tmp_path: Path):
    facts = {'size': 'nano', 'max_depth': 20, 'input_size': 252, 'sha256': 'ab', 'licence': 'X'}
    (tmp_path / 'nano.json').write_text(json.dumps(facts))

    card = shipped_card(tmp_path)

    assert (card.max_depth, card.input_size, card.sha256, card.licence) == (20.0, 252, 'ab', 'X')
    assert card.kind is DepthKind.METRIC


def test_a_damaged_facts_file_is_named(tmp_path: Path):
    (tmp_path / 'nano.json').write_text('{"input_size": ')

    with pytest.raises(CatalogError, match=r'nano\.json is damaged'):
        shipped_card(tmp_path)
