# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of config/: files that others read say what those know, and agree with each other."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / 'config'
GUIDE = (ROOT / 'docs' / 'navigation.md').read_text()

PUBLISHED = {
    'depth/image_rect', 'depth/camera_info', 'depth/color', 'depth/scale', 'points',
    'points_clearing', 'obstacles', 'scan', '/diagnostics',
}  # fmt: skip
SUBSCRIBED = {'image', 'camera_info'}
OF_NAV2 = {'local_costmap/costmap', 'local_costmap/costmap_updates'}

# The robot of the files, as docs/navigation.md describes it: metres, radians, m/s, m/s^2, s.
LENS, AHEAD, PITCH, FOV, FOV_UP = 0.5, 0.2, 0.2, math.radians(60), math.radians(47)
HEIGHT, RADIUS, SPEED, BRAKING, DELAY = 0.6, 0.25, 0.4, 1.0, 0.25
HIDDEN_FLOOR = LENS / math.tan(PITCH + FOV_UP / 2)

# Names that nav2 1.3 (jazzy) and STVL 2.2 declare; what else is in a file they would ignore.
COSTMAP = {
    'global_frame', 'robot_base_frame', 'update_frequency', 'publish_frequency', 'rolling_window',
    'width', 'height', 'resolution', 'robot_radius', 'plugins',
}  # fmt: skip
LAYER = {
    'plugin', 'enabled', 'min_obstacle_height', 'max_obstacle_height', 'combination_method',
    'footprint_clearing_enabled', 'observation_sources',
}  # fmt: skip
VOXEL_LAYER = LAYER | {
    'origin_z', 'z_resolution', 'z_voxels', 'unknown_threshold', 'mark_threshold',
    'publish_voxel_map',
}  # fmt: skip
SOURCE = {
    'topic', 'sensor_frame', 'observation_persistence', 'expected_update_rate', 'data_type',
    'min_obstacle_height', 'max_obstacle_height', 'inf_is_valid', 'marking', 'clearing',
    'obstacle_max_range', 'obstacle_min_range', 'raytrace_max_range', 'raytrace_min_range',
}  # fmt: skip
STVL_LAYER = {
    'plugin', 'enabled', 'voxel_size', 'voxel_decay', 'decay_model', 'mark_threshold',
    'combination_method', 'track_unknown_space', 'update_footprint_enabled', 'mapping_mode',
    'transform_tolerance', 'publish_voxel_map', 'map_save_duration', 'observation_sources',
}  # fmt: skip
STVL_SOURCE = {
    'topic', 'sensor_frame', 'observation_persistence', 'expected_update_rate', 'data_type',
    'min_obstacle_height', 'max_obstacle_height', 'inf_is_valid', 'marking', 'clearing',
    'obstacle_range', 'min_z', 'max_z', 'vertical_fov_angle', 'vertical_fov_padding',
    'horizontal_fov_angle', 'decay_acceleration', 'filter', 'voxel_min_points',
    'clear_after_reading', 'enabled', 'model_type',
}  # fmt: skip
MONITOR = {
    'base_frame_id', 'odom_frame_id', 'cmd_vel_in_topic', 'cmd_vel_out_topic', 'state_topic',
    'transform_tolerance', 'base_shift_correction', 'source_timeout', 'stop_pub_timeout',
    'polygons', 'observation_sources',
}  # fmt: skip
POLYGON = {
    'type', 'action_type', 'points', 'min_points', 'sources_names', 'visualize', 'enabled',
    'polygon_pub_topic', 'footprint_topic', 'time_before_collision', 'simulation_time_step',
}  # fmt: skip
SCAN_SOURCE = {'type', 'topic', 'enabled', 'source_timeout'}
CLOUD_SOURCE = SCAN_SOURCE | {'min_height', 'max_height', 'min_range', 'use_global_height'}
RVIZ_CLASSES = {
    f'rviz_default_plugins/{name}'
    for name in (
        'Grid', 'TF', 'Image', 'PointCloud2', 'LaserScan', 'Map', 'MoveCamera', 'Select',
        'FocusCamera', 'Measure', 'Orbit',
    )
} | {f'rviz_common/{name}' for name in ('Displays', 'Views', 'Time')}  # fmt: skip
FOXGLOVE_PANELS = {'3D', 'Image', 'Plot', 'StateTransitions', 'DiagnosticSummary'}

LAYERS = {
    'local_costmap_voxel': ('voxel_layer', VOXEL_LAYER, SOURCE),
    'local_costmap_obstacle': ('obstacle_layer', LAYER, SOURCE),
    'spatio_temporal_voxel_layer': ('stvl_layer', STVL_LAYER, STVL_SOURCE),
}
FLAT_AND_VOXEL = ('local_costmap_voxel', 'local_costmap_obstacle')


def load(name: str) -> dict[str, Any]:
    """Return the parameters in a file of config/nav2, without the names of nodes."""
    content = yaml.safe_load((CONFIG / 'nav2' / f'{name}.yaml').read_text())
    while 'ros__parameters' not in content:
        (content,) = content.values()
    return content['ros__parameters']


def flat(tree: dict[str, Any], prefix: str = '') -> dict[str, Any]:
    """Return parameters by their full names with dots."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        name = f'{prefix}{key}'
        found.update(flat(value, f'{name}.') if isinstance(value, dict) else {name: value})
    return found


def layer_of(name: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the camera's layer in a costmap file, and its sources by name."""
    layer = load(name)[LAYERS[name][0]]
    return layer, {source: layer[source] for source in layer['observation_sources'].split()}


def found(tree: Any, key: str) -> Iterator[Any]:
    """Return every value of a key, at any depth."""
    for name, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if name == key:
            yield value
        if isinstance(value, (dict, list)):
            yield from found(value, key)


@pytest.fixture(scope='module')
def node() -> dict[str, Any]:
    """Return the parameters of depth_node by full name, defaults where the file has none."""
    pytest.importorskip('rclpy')
    from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS

    return {row.name: row.default for row in DEPTH_PARAMETERS} | flat(load('depth_for_nav2'))


def test_the_parameters_of_depth_node_exist_and_can_have_these_values():
    pytest.importorskip('rclpy')
    from depth_anything_ros.ros.parameter_table import check_all
    from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS

    values = flat(load('depth_for_nav2'))
    assert set(values) <= {row.name for row in DEPTH_PARAMETERS}
    check_all(DEPTH_PARAMETERS, values)


@pytest.mark.parametrize('name', LAYERS)
def test_a_costmap_has_only_names_that_its_layer_declares(name):
    key, of_layer, of_source = LAYERS[name]
    costmap = load(name)
    layer, sources = layer_of(name)
    assert costmap['plugins'] == [key, 'inflation_layer']
    assert set(costmap) == COSTMAP | {key, 'inflation_layer'}
    assert set(layer) <= of_layer | set(sources)
    assert sources and all(set(source) <= of_source for source in sources.values())


def test_the_collision_monitor_has_only_names_that_it_declares():
    monitor = load('collision_monitor')
    sources, polygons = monitor['observation_sources'], monitor['polygons']
    assert set(monitor) == MONITOR | set(sources) | set(polygons)
    for source in (monitor[name] for name in sources):
        assert set(source) <= {'scan': SCAN_SOURCE, 'pointcloud': CLOUD_SOURCE}[source['type']]
    for polygon in (monitor[name] for name in polygons):
        assert set(polygon) <= POLYGON
        assert set(polygon['sources_names']) <= set(sources)


@pytest.mark.parametrize('name', LAYERS)
def test_costmaps_take_absolute_topics_of_the_node_in_the_type_they_have(name):
    for source in layer_of(name)[1].values():
        topic = source['topic']
        assert topic.startswith('/') and topic[1:] in PUBLISHED
        assert source['data_type'] == ('LaserScan' if topic == '/scan' else 'PointCloud2')


@pytest.mark.parametrize('name', LAYERS)
def test_costmaps_mark_from_obstacles_alone_and_nothing_both_marks_and_clears(name):
    sources = layer_of(name)[1].values()
    assert [s['topic'] for s in sources if s['marking']] == ['/obstacles']
    assert all(source['marking'] != source['clearing'] for source in sources)


def test_a_flat_layer_clears_with_the_scan_and_a_voxel_layer_along_rays():
    for name, topic in (('local_costmap_obstacle', '/scan'),
                        ('local_costmap_voxel', '/points_clearing')):  # fmt: skip
        (clearing,) = (s for s in layer_of(name)[1].values() if s['clearing'])
        assert clearing['topic'] == topic
        assert clearing.get('inf_is_valid', False) == (topic == '/scan')


@pytest.mark.parametrize('name', FLAT_AND_VOXEL)
def test_ranges_reach_as_far_as_the_next_one_needs(name, node):
    costmap, (_, sources) = load(name), layer_of(name)
    marks, clears = sources['obstacles'], sources[(set(sources) - {'obstacles'}).pop()]
    assert marks['obstacle_max_range'] <= node['obstacles.max_range']
    assert marks['obstacle_max_range'] <= costmap['width'] / 2 == costmap['height'] / 2
    assert marks['obstacle_max_range'] < clears['raytrace_max_range']
    assert clears['raytrace_max_range'] < min(node['scan.range_max'], node['points.max_range'])
    assert node['obstacles.voxel'] <= costmap['resolution']
    assert marks['obstacle_max_range'] * node['scan.angle_increment'] <= costmap['resolution']


@pytest.mark.parametrize('name', LAYERS)
def test_heights_of_a_costmap_let_in_what_the_node_selects(name, node):
    layer, sources = layer_of(name)
    band = node['obstacles.min_height'], node['obstacles.max_height']
    for limits in (layer, sources['obstacles']):
        assert limits.get('min_obstacle_height', 0) <= band[0]
        assert limits.get('max_obstacle_height', math.inf) >= band[1]


def test_heights_let_in_the_scan_and_rays_to_floor_and_sky(node):
    scan = layer_of('local_costmap_obstacle')[1]['scan']
    assert scan['min_obstacle_height'] < LENS < scan['max_obstacle_height']
    rays = layer_of('local_costmap_voxel')[1]['free_space']
    top = LENS + node['points.max_range'] * math.sin(FOV_UP / 2 - PITCH)
    assert rays['min_obstacle_height'] < 0 and top < rays['max_obstacle_height']


def test_the_scan_sees_the_whole_band_that_it_clears_and_that_is_the_robot(node):
    assert node['scan.min_height'] <= node['obstacles.min_height']
    assert node['scan.max_height'] >= node['obstacles.max_height'] > HEIGHT


def test_the_voxel_grid_holds_lens_and_band(node):
    layer, _ = layer_of('local_costmap_voxel')
    top = layer['origin_z'] + layer['z_voxels'] * layer['z_resolution']
    assert layer['z_voxels'] <= 16 and layer['origin_z'] <= 0
    assert top > LENS and top >= node['obstacles.max_height']


def test_flat_rays_clear_only_where_the_whole_band_is_in_view(node):
    scan = layer_of('local_costmap_obstacle')[1]['scan']
    upper = (node['obstacles.max_height'] - LENS) / math.tan(FOV_UP / 2 - PITCH)
    assert max(HIDDEN_FLOOR, upper) <= scan['raytrace_min_range']


@pytest.mark.parametrize('name', LAYERS)
def test_a_missing_frame_does_not_stop_the_robot_but_missing_ones_do(name, node):
    for source in layer_of(name)[1].values():
        if source['marking'] or name in FLAT_AND_VOXEL:
            assert 3 / node['rate_limit'] <= source['expected_update_rate'] <= 1.0
        else:  # STVL does not count what only clears as updated
            assert source['expected_update_rate'] == 0
    assert node['rate_limit'] >= load(name)['update_frequency']
    assert 0 < node['max_age'] <= 1.0


def test_stvl_takes_a_view_within_the_cameras(node):
    layer, sources = layer_of('spatio_temporal_voxel_layer')
    view, marks = sources['view'], sources['obstacles']
    assert view['horizontal_fov_angle'] < FOV and view['vertical_fov_angle'] < FOV_UP
    assert marks['obstacle_range'] <= min(view['max_z'], node['obstacles.max_range'])
    assert layer['voxel_size'] == load('spatio_temporal_voxel_layer')['resolution']


def test_the_stop_zone_is_beyond_the_hidden_floor_by_the_way_to_stop():
    zone = load('collision_monitor')['StopZone']
    corners = json.loads(zone['points'])
    front = max(x for x, _ in corners)
    assert front >= AHEAD + HIDDEN_FLOOR + SPEED * DELAY + SPEED**2 / (2 * BRAKING)
    assert max(y for _, y in corners) == -min(y for _, y in corners) > RADIUS


def test_the_collision_monitor_takes_the_nodes_topics_heights_and_time(node):
    monitor = load('collision_monitor')
    cloud = monitor['obstacles']
    assert {monitor[name]['topic'] for name in monitor['observation_sources']} <= PUBLISHED
    assert cloud['use_global_height']
    assert cloud['min_height'] <= node['obstacles.min_height']
    assert cloud['max_height'] >= node['obstacles.max_height']
    for holder in (monitor, cloud, monitor['scan']):
        assert 3 / node['rate_limit'] <= holder['source_timeout'] <= 1.0


def test_rviz_knows_the_classes_and_the_topics_are_relative_ones_that_are_there():
    content = yaml.safe_load((CONFIG / 'rviz' / 'depth.rviz').read_text())
    classes = {name for name in found(content, 'Class') if name}
    assert classes <= RVIZ_CLASSES
    displays = content['Visualization Manager']['Displays']
    profiles = [d[key] for d in displays for key in ('Topic', 'Update Topic') if key in d]
    shown = {profile['Value'] for profile in profiles}
    assert shown <= PUBLISHED | SUBSCRIBED | OF_NAV2
    assert {'image', 'depth/image_rect', 'points', 'obstacles', 'scan'} <= shown
    for profile in profiles:
        if profile['Value'] in PUBLISHED | SUBSCRIBED:
            assert profile['Reliability Policy'] == 'Best Effort', 'cameras may be best effort'
            assert profile['Durability Policy'] == 'Volatile'


def panels_in(layout: Any) -> list[str]:
    """Return the panels of a Foxglove layout in their order."""
    if isinstance(layout, str):
        return [layout]
    assert layout['direction'] in ('row', 'column') and 0 < layout['splitPercentage'] < 100
    return panels_in(layout['first']) + panels_in(layout['second'])


def foxglove() -> dict[str, Any]:
    return json.loads((CONFIG / 'foxglove' / 'depth.json').read_text())


def test_foxglove_shows_each_panel_once_with_topics_that_are_there():
    content = foxglove()
    panels = content['configById']
    assert sorted(panels_in(content['layout'])) == sorted(panels)
    assert {name.partition('!')[0] for name in panels} == FOXGLOVE_PANELS
    topics = set(panels['3D!space']['topics']) | {'/diagnostics'}
    for key in ('imageTopic', 'calibrationTopic', 'topicToRender'):
        topics.update(found(panels, key))
    topics.update(path.partition('.')[0] for path in paths_of(panels))
    known = {f'/{name.lstrip("/")}' for name in PUBLISHED | SUBSCRIBED | OF_NAV2}
    assert topics <= known
    assert {'/image', '/depth/image_rect', '/points', '/obstacles', '/scan'} <= topics


def paths_of(panels: dict[str, Any]) -> list[str]:
    return [path['value'] for paths in found(panels, 'paths') for path in paths]


def test_foxglove_plots_values_that_the_node_tells():
    pytest.importorskip('rclpy')
    pytest.importorskip('diagnostic_msgs')
    from depth_anything_ros.geometry.scale import ScaleEstimate
    from depth_anything_ros.ros.diagnostics import percentile_values
    from depth_anything_ros.ros.scale_source import facts_of

    told = set(percentile_values('latency', (0.1, 0.2)))
    told |= set(facts_of(ScaleEstimate.fixed(1.0, 0.0)))
    keys = re.findall(r'\{key=="(\w+)"\}', '\n'.join(paths_of(foxglove()['configById'])))
    assert keys and set(keys) <= told


def numbers_in(value: Any) -> list[float]:
    """Return the numbers of a parameter: itself, or those in the text of a polygon."""
    if isinstance(value, bool):
        return []
    if isinstance(value, str):
        return [abs(n) for corner in json.loads(value) for n in corner] if '[[' in value else []
    return [value] if isinstance(value, (int, float)) else []


@pytest.mark.parametrize('name', ['depth_for_nav2', *LAYERS, 'collision_monitor'])
def test_the_guide_names_each_number_with_its_value(name):
    rows: dict[str, str] = {}
    for row in re.findall(r'^\| (.*`.*) \| (.*) \| .* \|$', GUIDE, re.MULTILINE):
        for parameter in re.findall(r'`([\w.]+)`', row[0]):
            rows[parameter] = f'{rows.get(parameter, "")} {row[1]}'
        if row[0].startswith('the same, of'):
            for parameter in ('min_obstacle_height', 'max_obstacle_height'):
                rows[parameter] += f' {row[1]}'
    for parameter, value in flat(load(name)).items():
        written = rows.get(parameter, rows.get(parameter.rpartition('.')[2], ''))
        told = {float(number) for number in re.findall(r'-?\d+(?:\.\d+)?', written)}
        for number in numbers_in(value):
            assert number in told | {0.0}, f'{parameter}: {number} is not explained'


def test_the_guide_explains_each_topic():
    assert all(f'`{topic}`' in GUIDE for topic in PUBLISHED)
