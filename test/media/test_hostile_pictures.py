# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hundreds of bad and odd pictures through the whole of a run: all named, none fatal."""

import io
import os

import cv2
import numpy as np
import pytest

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.media.picture_list import list_pictures
from depth_anything_ros.media.picture_run import Job, PictureRun
from depth_anything_ros.media.run_journal import RunJournal

Image = pytest.importorskip('PIL.Image')


class Flat:
    """Stands in for a network."""

    kind, max_depth = DepthKind.RELATIVE, None

    def estimate_batch(self, pictures):
        return [Depth(np.ones(p.shape[:2], np.float32), self.kind, (14, 14)) for p in pictures]


def encoded(picture, kind, **options):
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def odd():
    """Pictures that are unusual, and fine: bytes by name, with the size that their depth has."""
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (32, 48, 3), np.uint8))
    deep = rng.integers(0, 65535, (32, 48), np.uint16)
    alpha = np.dstack([np.asarray(noise), np.full((32, 48), 99, np.uint8)])
    yield 'cmyk.jpg', encoded(noise.convert('CMYK'), 'jpeg'), (32, 48)
    yield 'grey.jpg', encoded(noise.convert('L'), 'jpeg'), (32, 48)
    yield 'progressive.jpg', encoded(noise, 'jpeg', progressive=True), (32, 48)
    yield 'palette.png', encoded(noise.convert('P'), 'png'), (32, 48)
    yield 'bits.png', encoded(noise.convert('1'), 'png'), (32, 48)
    yield 'deep.png', cv2.imencode('.png', deep)[1].tobytes(), (32, 48)
    yield 'deep.tif', cv2.imencode('.tif', deep)[1].tobytes(), (32, 48)
    yield 'alpha.png', cv2.imencode('.png', alpha)[1].tobytes(), (32, 48)
    yield 'one.png', encoded(noise.resize((1, 1)), 'png'), (1, 1)
    yield 'wide.png', encoded(Image.new('RGB', (30000, 2)), 'png'), (2, 30000)
    yield 'tall.webp', encoded(noise.resize((3, 900)), 'webp'), (900, 3)
    yield 'animated.webp', encoded(noise, 'webp', save_all=True, append_images=[noise]), (32, 48)
    yield 'really_a_png.jpg', encoded(noise, 'png'), (32, 48)
    yield 'plain.ppm', encoded(noise, 'ppm'), (32, 48)
    yield 'plain.bmp', encoded(noise, 'bmp'), (32, 48)


def bad():
    """Files that are no pictures, by name."""
    whole = {name: content for name, content, _ in odd()}
    rng = np.random.default_rng(1)
    for name, content in whole.items():
        stem, suffix = os.path.splitext(name)
        if suffix in ('.jpg', '.png'):  # formats that tell where they end
            for share in np.linspace(0.05, 0.95, 19):
                yield f'{stem}_{share:.2f}{suffix}', content[: int(share * len(content))]
        yield f'{stem}_head{suffix}', content[:9]
    for index in range(80):
        suffix = ('.jpg', '.png', '.tif', '.webp', '.bmp', '.ppm')[index % 6]
        yield f'noise{index}{suffix}', rng.bytes(int(rng.integers(1, 4000)))
    for suffix in ('.jpg', '.png', '.tif', '.webp', '.bmp', '.ppm', '.avif', '.heic'):
        yield f'empty{suffix}', b''
        yield f'text{suffix}', b'This is a letter, not a picture.\n' * 20


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """Run over all of them; return the outcome, what was put there, and the output folder."""
    folder = tmp_path_factory.mktemp('hostile')
    source, output = folder / 'in', folder / 'out'
    source.mkdir()
    good, broken = list(odd()), list(bad())
    for name, content, *_ in [*good, *broken]:
        (source / name).write_bytes(content)
    journal = RunJournal(output, {}, resume=False)
    outcome = PictureRun(Flat(), Job(output, ['npy']), journal)(
        list_pictures([str(source)]).entries
    )
    journal.close()
    return outcome, good, broken, output


def test_there_are_enough_of_them(run):
    _, good, broken, _ = run
    assert len(good) + len(broken) >= 300


def test_what_is_merely_unusual_gets_depth_of_its_size(run):
    outcome, good, _, output = run
    made = {path.name: np.load(path).shape for path in output.rglob('*.npy')}
    for name, _, shape in good:
        stem = os.path.splitext(name)[0]
        found = made.get(f'{stem}_depth.npy') or made.get(f'{name}_depth.npy')
        assert found == shape, (name, outcome.failed.get(name))


def test_what_is_no_picture_is_named_with_a_reason(run):
    outcome, good, broken, output = run
    failed = {os.path.basename(source): reason for source, reason in outcome.failed.items()}

    assert failed.keys() == {name for name, _ in broken}
    assert all(len(reason) > 5 for reason in failed.values())
    assert outcome.written == len(good) == len(list(output.rglob('*.npy')))
