# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of depth_node."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from depth_anything_ros.media.color import COLOR_MAPS
from depth_anything_ros.ros.camera_pose import PoseSettings
from depth_anything_ros.ros.diagnostics_parameters import (
    DIAGNOSTICS_PARAMETERS,
    DiagnosticsGroup,
)
from depth_anything_ros.ros.parameter_table import Parameter, ParameterError, check_all
from depth_anything_ros.ros.space_parameters import SPACE_PARAMETERS
from depth_anything_ros.ros.space_settings import (
    EdgeGroup,
    FilterGroup,
    FocalGroup,
    ObstacleGroup,
    PointGroup,
    ScaleGroup,
    ScanGroup,
)

DEPTH_PARAMETERS = (
    Parameter(
        'autostart',
        True,
        'Configure and activate at start; set false under a lifecycle manager',
    ),
    Parameter(
        'model',
        'nano',
        'Network: nano, small, base, large, giant, metric-indoor-{small,base,large}, '
        'metric-outdoor-{small,base,large}, or the path of a weights file; like the next five, a '
        'change is loaded beside what runs, which goes on until then',
        live=True,
    ),
    Parameter(
        'weights',
        '',
        'Weights file to load instead of the one that model names; empty for none',
        live=True,
    ),
    Parameter(
        'max_depth',
        0.0,
        'Farthest depth of metric weights that do not say it, m; 0 is what the checkpoint says',
        limits=(0.0, 10000.0),
        live=True,
    ),
    Parameter(
        'device',
        'auto',
        'Where to run: auto, cpu, openvino (its package on an x86 processor; auto takes it where '
        'there is no GPU), cuda, cuda:1, mps; for exported models also tensorrt',
        live=True,
    ),
    Parameter(
        'precision',
        'auto',
        'Number format; auto is float16 on CUDA and bfloat16 on CPUs that are faster with it',
        choices=('auto', 'float32', 'bfloat16', 'float16'),
        live=True,
    ),
    Parameter(
        'compiled',
        False,
        'Put the network through torch.compile, on NVIDIA GPUs: each size of images then takes '
        'minutes at the start; whether it is faster, depth-anything bench tells',
        live=True,
    ),
    Parameter(
        'cameras',
        (),
        'Names of several cameras for one network: each has the topics and, where wanted, the '
        'parameters of its name, NAME/image and NAME.rate_limit; empty for one camera without',
    ),
    Parameter(
        'save_folder',
        '',
        'Full path of the folder that ~/save_frame writes into, and nowhere else; empty for none',
    ),
    Parameter(
        'compressed',
        False,
        "Subscribe to image's CompressedImage sibling, image/compressed (jpeg or png)",
        per_camera=True,
    ),
    Parameter(
        'input_size',
        0,
        "Shorter side of the network's input in pixels, a multiple of 14 or rounded up to one; "
        "0 is the model's own",
        limits=(0, 2044),
        live=True,
        per_camera=True,
    ),
    Parameter(
        'output_size',
        'input',
        'Size of published depth: that of the input image, or that of the network',
        choices=('input', 'network'),
        live=True,
        per_camera=True,
    ),
    Parameter(
        'encoding',
        '32FC1',
        'Encoding of metric depth: 32FC1 metres, or 16UC1 millimetres with 0 for unknown',
        choices=('32FC1', '16UC1'),
        live=True,
        per_camera=True,
    ),
    Parameter(
        'min_range',
        0.0,
        'Metric depth below this is published as -Inf, too close (REP 117), m; 0 for no limit',
        limits=(0.0, 1000.0),
        live=True,
        per_camera=True,
    ),
    Parameter(
        'max_range',
        0.0,
        'Metric depth above this is published as +Inf, beyond range (REP 117), m; 0 for no limit',
        limits=(0.0, 1000.0),
        live=True,
        per_camera=True,
    ),
    Parameter(
        'rate_limit',
        0.0,
        'Most frames processed per second; 0 for no limit',
        limits=(0.0, 1000.0),
        live=True,
        per_camera=True,
    ),
    Parameter(
        'max_age',
        0.0,
        'Frames whose stamp is older than this on the node clock are rejected, s; 0 for no limit',
        limits=(0.0, 3600.0),
        live=True,
        per_camera=True,
    ),
    Parameter(
        'camera_info_max_age',
        5.0,
        "A camera_info older than this against the image's stamp is stale and not used, s; "
        '0 for no limit (drivers that publish it once; where they latch it, also set '
        'qos_overrides./camera_info.subscription.durability to transient_local and .reliability '
        'to reliable)',
        limits=(0.0, 3600.0),
        live=True,
        per_camera=True,
    ),
    Parameter(
        'skip_unheard',
        True,
        'Skip inference while nobody subscribes to any output',
        live=True,
        per_camera=True,
    ),
    Parameter(
        'color_map',
        'spectral',
        'Colours of depth/color',
        choices=COLOR_MAPS,
        live=True,
        per_camera=True,
    ),
    Parameter(
        'rectified',
        True,
        'Whether the image is rectified, so that P of its camera_info holds; if false, K and D do, '
        'points are corrected for the lens, and depth/image_rect is rectified',
        per_camera=True,
    ),
    *SPACE_PARAMETERS,
    *DIAGNOSTICS_PARAMETERS,
)

GROUPS: dict[str, type[Any]] = {
    'pose': PoseSettings,
    'edges': EdgeGroup,
    'points': PointGroup,
    'obstacles': ObstacleGroup,
    'scan': ScanGroup,
    'filter': FilterGroup,
    'scale': ScaleGroup,
    'focal': FocalGroup,
    'diagnostics': DiagnosticsGroup,
}
"""The settings that parameters with a dot in their name make, by what is in front of it."""


@dataclass(frozen=True)
class DepthSettings:
    """The checked values of DEPTH_PARAMETERS; replaced as a whole, so that a frame sees one set."""

    autostart: bool
    model: str
    weights: str
    max_depth: float
    device: str
    precision: str
    compiled: bool
    cameras: tuple[str, ...]
    save_folder: str
    compressed: bool
    input_size: int
    output_size: str
    encoding: str
    min_range: float
    max_range: float
    rate_limit: float
    max_age: float
    camera_info_max_age: float
    skip_unheard: bool
    color_map: str
    rectified: bool
    pose: PoseSettings
    edges: EdgeGroup
    points: PointGroup
    obstacles: ObstacleGroup
    scan: ScanGroup
    filter: FilterGroup
    scale: ScaleGroup
    focal: FocalGroup
    diagnostics: DiagnosticsGroup

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> DepthSettings:
        """Make settings of the value of every parameter by its name; raises ParameterError."""
        plain, groups = _grouped(values)
        return cls(**plain, **{name: kind(**groups.get(name, {})) for name, kind in GROUPS.items()})

    def __post_init__(self) -> None:
        """Refuse combinations that no single value shows, and names that no topic can have."""
        for camera in self.cameras:
            if not re.fullmatch('[A-Za-z_][A-Za-z0-9_]*', camera):
                raise ParameterError(
                    f'parameter cameras: {camera!r} cannot be part of a topic name; use letters, '
                    'digits and underscores, and no digit first'
                )
            if self.cameras.count(camera) > 1:
                raise ParameterError(f'parameter cameras: {camera!r} is there more than once')
        if self.save_folder and not os.path.isabs(self.save_folder):
            raise ParameterError(
                f'parameter save_folder must be a full path such as /home/me/frames, got '
                f'{self.save_folder!r}'
            )
        if 0 < self.input_size < 14:
            raise ParameterError(
                f'parameter input_size must be 0 or at least 14, got {self.input_size}'
            )
        if 0 < self.max_range <= self.min_range:
            raise ParameterError(
                f'parameter max_range must be above min_range {self.min_range:g}, '
                f'got {self.max_range:g}'
            )

    @property
    def interval(self) -> float:
        """The least time between two frames in seconds, by rate_limit; 0 for no limit."""
        return 1 / self.rate_limit if self.rate_limit > 0 else 0.0

    def changed(self, values: Mapping[str, Any]) -> DepthSettings:
        """Return the settings with new values for some names; raises ParameterError."""
        plain, groups = _grouped(check_all(DEPTH_PARAMETERS, values))
        changed = {name: replace(getattr(self, name), **group) for name, group in groups.items()}
        return replace(self, **plain, **changed)


def _grouped(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Part values by name into those without a group, and those of each group by the rest."""
    plain: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        group, _, rest = name.rpartition('.')
        (groups.setdefault(group, {}) if group else plain)[rest or name] = value
    return plain, groups
