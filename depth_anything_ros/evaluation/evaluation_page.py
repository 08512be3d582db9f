# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An evaluation as one HTML file that needs nothing else, not even scripts."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from depth_anything_ros.evaluation.benchmark_summary import NAMES, Evaluation
from depth_anything_ros.evaluation.error_pictures import ErrorPictures
from depth_anything_ros.evaluation.pair_scoring import PairScore
from depth_anything_ros.evaluation.score_table import (
    IN_TABLES,
    LABELS,
    all_figures,
    cell,
    rows_beside,
)
from depth_anything_ros.media.report_codec import shrunk, webp

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_SIDE, _QUALITY = 640, 80

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --faint: #8882; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 90rem;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin-top: 2rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap }
th:first-child, td:first-child, td.text, th.text { text-align: left }
td.text { white-space: normal; min-width: 16rem }
tr.ours { background: var(--faint); font-weight: 600 }
.warn { border-left: 4px solid #d33; padding: .4rem .8rem; background: #d331 }
figure { margin: 1.2rem 0 } figcaption { margin-bottom: .3rem }
.views { display: grid; grid-template-columns: repeat(4, 1fr); gap: 4px }
.views img { width: 100%; display: block } .views small { opacity: .7 }
@media (max-width: 50rem) { .views { grid-template-columns: repeat(2, 1fr) } }
details { margin: .5rem 0 }
"""


def evaluation_page(
    evaluation: Evaluation, worst: Sequence[tuple[PairScore, ErrorPictures]]
) -> str:
    """Return the page: figures beside published ones, scenes, worst pairs in pictures, all pairs.

    All text that comes from files or the command line is escaped.
    """
    name = f'{evaluation.method} on {evaluation.title}'
    parts = [
        f'<h1>{_safe(name)}</h1>',
        f'<p>{_safe(_protocol(evaluation))}</p>',
        *_warnings(evaluation),
        '<h2>Beside published figures</h2>',
        '<p>Rows marked as published were measured by others and are quoted.</p>',
        _beside(evaluation),
        '<h2>All figures</h2>',
        _table(('', 'mean', '95 % interval'), all_figures(evaluation)),
    ]
    if len(scenes := evaluation.scenes()) > 1:
        names = ('pairs', *(n for n in NAMES if n in evaluation.mean))
        rows = [
            [scene, *(f'{v:.0f}' if n == 'pairs' else cell(v) for n in names for v in [row.get(n)])]
            for scene, row in scenes.items()
        ]
        parts += [
            '<h2>Scenes</h2>',
            _table(('scene', *(LABELS.get(n, n) for n in names)), rows),
        ]
    if worst:
        parts.append('<h2>The worst pairs</h2>')
        parts += [_figure(pair, pictures) for pair, pictures in worst]
    rows_of_pairs = [
        [
            pair.key,
            *(cell(getattr(pair.score, n)) for n in IN_TABLES),
            cell(pair.boundary_f1),
            str(pair.score.pixels),
        ]
        for pair in evaluation.worst(len(evaluation.pairs))
    ]
    heads = ('pair', *(LABELS[n] for n in IN_TABLES), LABELS['boundary_f1'], 'pixels')
    parts.append(
        f'<h2>All pairs</h2><details><summary>{len(rows_of_pairs)} pairs, the worst first'
        f'</summary>{_table(heads, rows_of_pairs)}</details>'
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{_safe(name)}</title><style>{_STYLE}</style></head><body>\n'
        + '\n'.join(parts)
        + '\n</body></html>\n'
    )


def _protocol(evaluation: Evaluation) -> str:
    p = evaluation.protocol
    fit = {'none': 'not aligned', 'median': 'median scale', 'depth': 'affine in depth'}.get(
        p.alignment, f'affine in disparity, clamp {p.clamp}'
    )
    limit = 'no limit' if p.max_depth == float('inf') else f'{p.max_depth:g} m'
    crop = f'crop {p.crop}' if p.crop else 'whole pictures'
    window = 'cut to the KITTI window, ' if p.window else ''
    return (
        f'Protocol {p.name}: {fit}; {window}{crop}; measured depth from {p.min_depth:g} m to '
        f'{limit}. {len(evaluation.pairs)} pairs of split {evaluation.split}, each with the same '
        'weight.'
    )


def _warnings(evaluation: Evaluation) -> list[str]:
    found = []
    if not evaluation.complete and evaluation.expected is not None:
        found.append(
            f'<p class="warn">{len(evaluation.pairs)} of the {evaluation.expected} published '
            'pairs were scored: the means cannot be compared with published ones.</p>'
        )
    if evaluation.problems:
        rows = [(problem.name, problem.reason) for problem in evaluation.problems]
        found.append(
            f'<details class="warn"><summary>{len(rows)} pairs could not be scored and count '
            f'nowhere</summary>{_table(("pair", "reason"), rows, ("text",) * 2)}</details>'
        )
    return found


def _beside(evaluation: Evaluation) -> str:
    heads = ('method', *(LABELS[name] for name in IN_TABLES), 'source')
    lines = [f'<tr>{"".join(f"<th>{_safe(head)}</th>" for head in heads)}</tr>']
    for row in rows_beside(evaluation):
        cells = ''.join(f'<td>{_safe(text)}</td>' for text in (row.method, *row.cells))
        kind = ' class="ours"' if row.ours else ''
        lines.append(f'<tr{kind}>{cells}<td class="text">{_safe(row.source)}</td></tr>')
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], kinds: Sequence[str] = ()) -> str:
    top = ''.join(f'<th>{_safe(head)}</th>' for head in heads)
    classes = [*kinds, *[''] * len(heads)]
    lines = [
        ''.join(
            f'<td class="{kind}">{_safe(text)}</td>' if kind else f'<td>{_safe(text)}</td>'
            for kind, text in zip(classes, row, strict=False)
        )
        for row in rows
    ]
    body = ''.join(f'<tr>{line}</tr>' for line in lines)
    return f'<div class="scroll"><table><tr>{top}</tr>{body}</table></div>'


def _figure(pair: PairScore, pictures: ErrorPictures) -> str:
    views = ''.join(
        f'<div><img alt="{_safe(title)}" src="data:image/webp;base64,'
        f'{webp(shrunk(view, _SIDE), _QUALITY)}"><small>{_safe(title)}</small></div>'
        for title, view in zip(pictures.TITLES, pictures.views(), strict=True)
    )
    told = f'{pair.key}: AbsRel {cell(pair.score.abs_rel)}, δ1 {cell(pair.score.delta1)}'
    return (
        f'<figure><figcaption>{_safe(told)}</figcaption><div class="views">{views}</div></figure>'
    )


def _safe(text: str) -> str:
    return html.escape(text, quote=True)
