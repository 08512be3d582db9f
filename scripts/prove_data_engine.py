#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run the whole data engine once, small: teacher, pictures, labels, students, metres.

Every training and labelling is a command of `depth-anything`, printed before it runs. What is done
is not done again, and what was stopped goes on: run it again. docs/training.md has what came out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from depth_anything_ros.data.procedural import ProceduralWorld
from depth_anything_ros.data.rendered_set import JPEG_QUALITY, write_centimetres
from depth_anything_ros.data.vkitti2 import vkitti2_layout
from depth_anything_ros.media.sources import open_source
from depth_anything_ros.model.catalog import CATALOG
from depth_anything_ros.model.checkpoint import load_network, save_checkpoint
from depth_anything_ros.model.hub import locate

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / 'config' / 'training'
COMMAND = Path(sys.executable).with_name('depth-anything')
VIDEOS = ROOT.parent / 'shared' / 'data' / 'video'
BATCH, ROWS, COLUMNS, RICH = 16, 112, 149, 0.3
SEEDS = {'synthetic': 43, 'unlabelled': 47}
"""None is that of a teacher, of validation or of the held-out scenes in benchmarks/."""

REAL_ROWS = 168
"""The shorter side at which frames of videos are kept: half as much again as is learned from."""


@dataclass(frozen=True)
class Engine:
    """The folder of everything, how many pictures are rendered, and how many steps are taken."""

    folder: Path
    videos: Path
    pictures: int
    teacher_steps: int
    student_steps: int
    metric_steps: int

    def teacher(self) -> None:
        """Train the teacher on pictures rendered as training goes."""
        self.train('teacher', 'proof_teacher', 'teacher', [f'steps={self.teacher_steps}'])

    def render(self) -> None:
        """Render a set with depth, and one of other scenes whose depth is not kept."""
        for name in SEEDS:
            done = self.folder / 'sets' / f'{name}.done'
            if not done.exists():
                self._render(name)
                _done(done)

    def frames(self) -> None:
        """Take real pictures apart: every frame of the videos, of which none is judged by."""
        done = self.folder / 'sets' / 'frames.done'
        if done.exists():
            return
        for video in sorted(self.videos.glob('*.mp4')):
            with open_source(str(video), size=(0, REAL_ROWS)) as source:
                for number, frame in enumerate(source):
                    path = self.folder / 'sets' / 'frames' / video.stem / f'{number:05d}.jpg'
                    _write_picture(path, frame.rgb)
        _done(done)

    def labels(self) -> None:
        """Label what has no depth by the teacher."""
        for name in ('unlabelled', 'frames'):
            self.command(
                *('pseudo-label', 'pictures', str(self.folder / 'sets' / name)),
                *('--model', str(self.folder / 'teacher' / 'last.safetensors')),
                *('--input-size', str(ROWS), '--precision', 'float32', '--workers', '0'),
                *('-o', str(self.folder / 'labels' / name)),
            )

    def student(self, name: str, *changes: str) -> None:
        """Train a student on true depth ('synthetic'), pseudo-labels ('pseudo') or 'both'.

        What follows an underscore in the name are other settings, ``changes``.
        """
        true = [{'name': 'vkitti2', 'path': str(self.folder / 'sets' / 'synthetic')}]
        taught = [
            {
                'name': 'pictures',
                'path': str(self.folder / 'sets' / each),
                'labels': str(self.folder / 'labels' / each),
                'repeat': repeat,
            }
            for each, repeat in (('unlabelled', 1), ('frames', 4))
        ]
        data = {'synthetic': true, 'pseudo': taught, 'both': true + taught}[name.partition('_')[0]]
        given = [f'steps={self.student_steps}', f'data={json.dumps(data)}', *changes]
        self.train('student', 'proof_student', f'student_{name}', given)

    def mean(self) -> None:
        """Take the mean of the weights of all that went on from nano, and of nano (2203.05482)."""
        output = self.folder / 'mean' / 'last.safetensors'
        if output.exists():
            return
        runs = ('teacher', *(f'student_{name}' for name in ('synthetic', 'both', 'pseudo')))
        networks = [load_network(CATALOG['nano'], locate('nano')[1])]
        networks += [load_network(None, self.folder / run / 'last.safetensors') for run in runs]
        states = [network.state_dict() for network in networks]
        mean = {name: torch.stack([s[name] for s in states]).mean(0) for name in states[0]}
        networks[0].load_state_dict(mean)
        output.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(networks[0], output, {'size': 'nano', 'input_size': ROWS})

    def metric(self) -> None:
        """Teach nano metres on the set with depth."""
        data = [{'name': 'vkitti2', 'path': str(self.folder / 'sets' / 'synthetic')}]
        changes = [f'steps={self.metric_steps}', f'data={json.dumps(data)}']
        self.train('metric', 'proof_metric', 'metric', changes)

    def train(self, stage: str, config: str, folder: str, changes: list[str]) -> None:
        """Train, or go on; a run that is at its end is left alone."""
        output = self.folder / folder
        if (output / 'last.safetensors').exists():
            return
        options = [part for change in changes for part in ('--set', change)]
        path = CONFIG / f'{config}.yaml'
        self.command('train', stage, '-c', str(path), '-o', str(output), *options)

    def command(self, *arguments: str) -> None:
        """Run `depth-anything`; where it could not end, this ends as it did."""
        print('depth-anything', *arguments, flush=True)
        ended = subprocess.run([str(COMMAND), *arguments])
        if ended.returncode:
            sys.exit(ended.returncode)

    def _render(self, name: str) -> None:
        world = ProceduralWorld(SEEDS[name], compiled=True, rich=RICH)
        layout, root = vkitti2_layout(0), self.folder / 'sets' / name
        for first in range(0, self.pictures, BATCH):
            rng = np.random.default_rng((SEEDS[name], first))
            world.reseed(int(rng.integers(2**62)))
            rendered = world.sample(BATCH, ROWS, COLUMNS)
            rgb = (rendered.rgb.permute(0, 2, 3, 1) * 255).round().byte().numpy()
            for number in range(BATCH):
                scene, frame = divmod(first + number, 1000)
                fields = {'scene': f'Scene{scene:02d}', 'weather': 'clone', 'camera': '0'}
                fields['frame'] = f'{frame:05d}'
                _write_picture(root / layout.picture.path(fields), rgb[number])
                if name == 'synthetic':
                    path = root / layout.map.path(fields)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_centimetres(path, rendered.depth[number].numpy())


def _done(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def _write_picture(path: Path, rgb: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])


def main() -> None:
    """Run the stages that are asked for, in their order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--folder', type=Path, default=Path('runs/proof'), help='of everything')
    parser.add_argument('--videos', type=Path, default=VIDEOS, help='folder of real videos (mp4)')
    parser.add_argument('--pictures', type=int, default=4000, help='to render, of each kind')
    parser.add_argument('--teacher-steps', type=int, default=1200)
    parser.add_argument('--student-steps', type=int, default=800)
    parser.add_argument('--metric-steps', type=int, default=1000)
    parser.add_argument('--only', nargs='+', help='stages, by default all')
    arguments = vars(parser.parse_args())
    only = arguments.pop('only')
    engine = Engine(**arguments)
    stages: dict[str, Callable[[], None]] = {
        'teacher': engine.teacher,
        'render': engine.render,
        'frames': engine.frames,
        'labels': engine.labels,
        'synthetic': lambda: engine.student('synthetic'),
        'both': lambda: engine.student('both'),
        'pseudo': lambda: engine.student('pseudo'),
        'mean': engine.mean,
        'pseudo_plain': lambda: engine.student(
            'pseudo_plain', 'view.strong=false', 'view.cutmix=0'
        ),
        'pseudo_whole': lambda: engine.student('pseudo_whole', 'loss.drop_share=0'),
        'pseudo_aligned': lambda: engine.student('pseudo_aligned', 'loss.feature_weight=1'),
        'metric': engine.metric,
    }
    unknown = set(only or ()) - set(stages)
    if unknown:
        parser.error(f'no stage {", ".join(sorted(unknown))}; there are {", ".join(stages)}')
    engine.folder.mkdir(parents=True, exist_ok=True)
    for name, stage in stages.items():
        if not only or name in only:
            stage()


if __name__ == '__main__':
    main()
