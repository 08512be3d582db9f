#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well scale is recovered: procedural clips with exact truth, with faults, and the real pairs.

Networks: `drift` is true disparity under an affine map that drifts smoothly, with 5 % noise at each
pixel, which isolates the geometry; `nano` is nano. Depth is compared with that of the best fit to
the frame's whole truth (least squares in disparity). The `sparse` references are 200 points of the
truth with 2 % noise, 30 % of them wrong; `ground` knows the camera's height, roll and pitch.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from depth_anything_ros import DepthEstimator
from depth_anything_ros.data.clip import FIELD_OF_VIEW
from depth_anything_ros.data.indoor import corridor, room
from depth_anything_ros.data.outdoor import street
from depth_anything_ros.data.pose import Pose
from depth_anything_ros.data.primitives import Scene
from depth_anything_ros.data.procedural import ProceduralWorld, pack
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.evaluation.real_pairs import read_real_pairs
from depth_anything_ros.evaluation.scale_trial import (
    DriftingNetwork,
    Moment,
    Sensor,
    figures,
    in_range,
    judge,
)
from depth_anything_ros.geometry.affine import AffineFit, NoFitError, fit_affine_disparity
from depth_anything_ros.geometry.ground_scale import fit_ground
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.reference import sample_disparity
from depth_anything_ros.geometry.scale import ScaleEstimate, ScaleState
from depth_anything_ros.geometry.scale_filter import ScaleTracker
from depth_anything_ros.geometry.transform import Transform, camera_on_ground

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results/scale.json'
DATA = ROOT.parent / 'shared' / 'data'
WIDTH, HEIGHT, RATE, FRAMES = 224, 168, 10.0, 240
VISIBLE_FLOOR = 0.15
"""Share of the picture that must be floor, in the mean, for a clip to count as one with floor."""


@dataclass(frozen=True)
class Place:
    """A kind of place: how it is built, how far and fast one walks there, and what is far."""

    build: Callable[[Generator], tuple[Scene, Pose]]
    reach: float
    speed: float
    max_depth: float


PLACES = {
    'room': Place(room, 1.5, 0.3, 10.0),
    'corridor': Place(corridor, 4.0, 0.6, 30.0),
    'street': Place(street, 20.0, 2.0, 80.0),
}


@dataclass(frozen=True)
class Clip:
    """Pictures, true depth and nano's disparity (N, H, W), and the camera above its ground."""

    name: str
    depth: np.ndarray
    nano: np.ndarray
    cameras: list[Transform]
    intrinsics: Intrinsics
    max_depth: float

    def floor_share(self) -> float:
        """Return the mean share of the picture that is the ground itself, by the truth."""
        x = (np.arange(WIDTH) - self.intrinsics.cx) / self.intrinsics.fx
        y = (np.arange(HEIGHT)[:, None] - self.intrinsics.cy) / self.intrinsics.fy
        shares = []
        for depth, camera in zip(self.depth, self.cameras, strict=True):
            down, height = -camera.rotation[2], camera.translation[2]
            with np.errstate(invalid='ignore'):
                below = (down[0] * x + down[1] * y + down[2]) * depth
            shares.append(np.mean(np.abs(below / height - 1) < 0.05))
        return float(np.mean(shares))


def walk(place: Place, seed: int) -> tuple[Scene, list[Pose]]:
    """Build a place and return a walk in it, there and back, turning and bobbing."""
    scene, start = place.build(np.random.default_rng(seed))
    poses = []
    for t in np.arange(FRAMES) / RATE:
        ahead = place.reach / 2 * (1 - np.cos(2 * place.speed / place.reach * t))
        step = ahead * np.array([np.cos(start.yaw), np.sin(start.yaw), 0.0])
        spot = start.position + step + [0, 0, 0.02 * np.sin(6 * t)]
        poses.append(
            replace(
                start,
                fov=float(FIELD_OF_VIEW),
                position=np.clip(spot, scene.low + 0.3, scene.high - 0.3),
                yaw=start.yaw + 0.25 * np.sin(0.6 * t),
                pitch=start.pitch + 0.02 * np.sin(2.0 * t),
            )
        )
    return scene, poses


def film(kind: str, seed: int, estimator: DepthEstimator) -> Clip:
    """Render a clip and run nano on it."""
    place = PLACES[kind]
    scene, poses = walk(place, seed)
    world, path = ProceduralWorld(seed), np.stack([pose.position for pose in poses])
    depth, nano = [], []
    for pose in poses:
        light = np.random.default_rng(seed)
        batch = pack([(scene, pose)], HEIGHT, WIDTH, light, path).trimmed()
        pictures = world.develop(batch, HEIGHT, WIDTH)
        rgb = (pictures.rgb[0].permute(1, 2, 0) * 255).round().byte().numpy()
        depth.append(pictures.depth[0].numpy())
        nano.append(estimator.estimate(rgb).values)
    focal = float(np.hypot(WIDTH, HEIGHT) / 2 / np.tan(FIELD_OF_VIEW / 2))
    lens = Intrinsics(WIDTH, HEIGHT, focal, focal, (WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    cameras = [camera_on_ground(float(p.position[2]), p.roll, p.pitch) for p in poses]
    name = f'{kind} {seed}'
    return Clip(name, np.stack(depth), np.stack(nano), cameras, lens, place.max_depth)


@dataclass(frozen=True)
class Fault:
    """What goes wrong from ``start`` to ``end`` seconds, to the references or to the network."""

    start: float = 0.0
    end: float = 0.0
    sensor: Sensor | None = Sensor()
    network: Callable[[np.ndarray], np.ndarray] | None = None


FAULTS = {
    'none': Fault(),
    'references drop out for 5 s': Fault(8, 13, None),
    '60 % outliers for 2 s': Fault(8, 10, Sensor(outliers=0.6)),
    'only outliers for 1 s': Fault(8, 9, Sensor(outliers=1.0)),
    '10 points for 2 s': Fault(8, 10, Sensor(points=10)),
    'output jumps by the factor 2.5': Fault(10, 1e9, Sensor(), lambda d: d * 2.5),
    'output is shifted': Fault(10, 1e9, Sensor(), lambda d: d + np.percentile(d, 90)),
    'output is constant for 1 s': Fault(8, 9, Sensor(), lambda d: np.full_like(d, d.mean())),
    'output jumps while references drop out': Fault(8, 13, None, lambda d: d * 2.5),
}


GROUND_FAULTS = {
    name: fault
    for name, fault in FAULTS.items()
    if fault == Fault() or fault.network is not None and fault.sensor is not None
}
"""Those of the network: there are no references that could be wrong."""


def disparities(clip: Clip, network: str, fault: Fault, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield the disparity of each frame as a network gives it, through a fault of the network."""
    for index, disparity in enumerate(_undisturbed(clip, network, seed)):
        now = index / RATE
        # A jump while there are no references begins when they have just gone.
        begins = fault.start + (0.0 if fault.sensor else 0.3)
        if fault.network is not None and begins <= now < fault.end:
            disparity = fault.network(disparity)
        yield disparity


def _undisturbed(clip: Clip, network: str, seed: int) -> Iterator[np.ndarray]:
    if network == 'nano':
        yield from clip.nano
        return
    level = float(np.median(1 / clip.depth[in_range(clip.depth, clip.max_depth)]))
    drifting = DriftingNetwork(seed, level)
    for index, depth in enumerate(clip.depth):
        yield drifting(depth, index / RATE)


def sparse_trial(clip: Clip, network: str, fault: Fault) -> list[Moment]:
    """Follow the scale of a clip by sparse references."""
    tracker, rng, moments = ScaleTracker(), np.random.default_rng(0), []
    for index, disparity in enumerate(disparities(clip, network, fault)):
        now, depth = index / RATE, clip.depth[index]
        sensor = fault.sensor if fault.start <= now < fault.end else Sensor()
        found: AffineFit | NoFitError | None = None
        if sensor is not None:
            reference = sensor.sense(depth, clip.max_depth, rng)
            try:
                found = fit_affine_disparity(*sample_disparity(disparity, reference))
            except NoFitError as error:
                found = error
        estimate = tracker.update(found, now, disparity)
        moments.append(judge(disparity, estimate, depth, clip.max_depth))
    return moments


def ground_trial(clip: Clip, network: str, fault: Fault) -> list[Moment]:
    """Follow the scale of a clip by the height of the camera."""
    tracker, moments = ScaleTracker(), []
    for index, disparity in enumerate(disparities(clip, network, fault)):
        found: AffineFit | NoFitError
        try:
            found = fit_ground(disparity, clip.cameras[index], clip.intrinsics)
        except NoFitError as error:
            found = error
        estimate = tracker.update(found, index / RATE, disparity)
        moments.append(judge(disparity, estimate, clip.depth[index], clip.max_depth))
    return moments


def real_trial(data: Path, estimator: DepthEstimator, draws: int) -> dict[str, Any]:
    """Return the figures of one fit per real pair, over points, outliers and draws."""
    pairs = [(pair, estimator.estimate(pair.rgb).values) for pair in read_real_pairs(data)]
    rows = {}
    for points in (50, 200, 1000):
        for outliers in (0.0, 0.3):
            moments, refused = [], 0
            for number, (pair, disparity) in enumerate(pairs):
                for draw in range(draws):
                    rng = np.random.default_rng((number, draw))
                    sensor = Sensor(points, outliers=outliers)
                    reference = sensor.sense(pair.depth, pair.max_depth, rng)
                    try:
                        fit = fit_affine_disparity(*sample_disparity(disparity, reference))
                    except NoFitError:
                        refused += 1
                        continue
                    estimate = ScaleEstimate(fit.a, fit.b, fit.covariance, ScaleState.TRACKING)
                    moments.append(judge(disparity, estimate, pair.depth, pair.max_depth))
            rows[f'{points} points, {outliers:.0%} outliers'] = {
                **figures(moments),
                'refused': refused,
            }
    return {'pictures': len(pairs), 'draws': draws, 'rows': rows}


def fit_time(repeats: int = 200) -> float:
    """Return the median milliseconds of one fit to 200 points with 30 % outliers."""
    rng = np.random.default_rng(0)
    d = rng.uniform(1, 10, 200)
    z = np.where(rng.random(200) < 0.3, rng.uniform(0.3, 10, 200), 1 / (0.1 * d + 0.05))
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        fit_affine_disparity(d, z)
        times.append(time.perf_counter() - start)
    return round(float(np.median(times)) * 1e3, 3)


def show(*columns: Any) -> None:
    """Print a row."""
    print(*columns, sep=' | ', flush=True)


def main() -> None:
    """Print the figures and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, default=DATA, help='folder of the real pairs')
    parser.add_argument('--seeds', type=int, default=2, help='clips of each kind')
    parser.add_argument('--draws', type=int, default=5, help='draws of points of each real pair')
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    estimator = DepthEstimator('nano', device='cpu')
    clips: dict[str, Any] = {}
    for kind in PLACES:
        for seed in range(arguments.seeds):
            clip = film(kind, seed, estimator)
            share = clip.floor_share()
            rows: dict[str, Any] = {
                'floor_share': round(share, 3),
                'floor_visible': share >= VISIBLE_FLOOR,
            }
            for network in ('drift', 'nano'):
                rows[network] = {
                    'sparse': {
                        name: figures(sparse_trial(clip, network, fault))
                        for name, fault in FAULTS.items()
                    },
                    'ground': {
                        name: figures(ground_trial(clip, network, fault))
                        for name, fault in GROUND_FAULTS.items()
                    },
                }
                for source, trials in rows[network].items():
                    for name, row in trials.items():
                        show(clip.name, network, source, name, *row.values())
            clips[clip.name] = rows
    results = {
        **machine_facts('numpy'),
        'protocol': ' '.join((__doc__ or '').split('\n\n', 1)[1].split()),
        'clips_at': f'{WIDTH} x {HEIGHT}, {FRAMES} frames at {RATE:g} Hz',
        'fit_ms': fit_time(),
        'clips': clips,
        'real_pairs': real_trial(arguments.data, estimator, arguments.draws),
    }
    for name, row in results['real_pairs']['rows'].items():
        show(name, *row.values())
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()
