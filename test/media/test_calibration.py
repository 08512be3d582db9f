# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/calibration.py."""

from pathlib import Path

import pytest
import yaml

from depth_anything_ros.media.calibration import (
    Calibration,
    CalibrationError,
    calibration_yaml,
    read_calibration,
)

TEXT = """image_width: 640
image_height: 480
camera_name: head_camera
camera_matrix:
  rows: 3
  cols: 3
  data: [500.5, 0, 320, 0, 501, 240, 0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [0.1, -0.2, 1e-05, 0.002, 0]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
projection_matrix:
  rows: 3
  cols: 4
  data: [490, 0, 321, -60, 0, 491, 241, 0, 0, 0, 1, 0]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / 'camera.yaml'
    file.write_text(TEXT)
    return file


def test_all_fields_are_read(path: Path) -> None:
    calibration = read_calibration(path)
    assert (calibration.width, calibration.height) == (640, 480)
    assert calibration.camera_name == 'head_camera'
    assert calibration.distortion_model == 'plumb_bob'
    assert calibration.d == (0.1, -0.2, 1e-05, 0.002, 0.0)
    assert calibration.k == (500.5, 0, 320, 0, 501, 240, 0, 0, 1)
    assert calibration.r == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert calibration.p == (490, 0, 321, -60, 0, 491, 241, 0, 0, 0, 1, 0)


def test_a_file_url_is_read(path: Path) -> None:
    assert read_calibration(f'file://{path}').width == 640


def test_scaling_follows_the_picture(path: Path) -> None:
    half = read_calibration(path).scaled(320, 240)
    assert half.k == (250.25, 0, 160, 0, 250.5, 120, 0, 0, 1)
    assert half.p == (245, 0, 160.5, -30, 0, 245.5, 120.5, 0, 0, 0, 1, 0)
    assert half.d == read_calibration(path).d


def test_another_aspect_is_refused(path: Path) -> None:
    with pytest.raises(CalibrationError, match='640x480.*1280x720'):
        read_calibration(path).scaled(1280, 720)


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('image_width', None, 'image_width must be'),
        ('image_width', 640.5, 'image_width must be.*640.5'),
        ('image_height', -480, 'image_height must be.*-480'),
        ('image_height', True, 'image_height must be'),
        ('camera_matrix', None, 'camera_matrix is missing'),
        ('camera_matrix', [1, 2], 'camera_matrix is missing'),
        ('camera_matrix', {'rows': 3, 'cols': 3, 'data': [1.0] * 8}, 'camera_matrix: data .*9.*8'),
        ('camera_matrix', {'rows': 2, 'cols': 3, 'data': [1.0] * 6}, 'camera_matrix: rows .*3.*2'),
        ('camera_matrix', {'rows': 3, 'cols': 3, 'data': 'x'}, 'camera_matrix: data'),
        ('camera_matrix', {'rows': 3, 'cols': 3, 'data': [0.0] * 9}, 'camera_matrix: focal'),
        (
            'camera_matrix',
            {'rows': 3, 'cols': 3, 'data': [1, 0, 'a', 0, 1, 0, 0, 0, 1]},
            "camera_matrix: 'a' is not",
        ),
        (
            'projection_matrix',
            {'rows': 3, 'cols': 4, 'data': [float('nan')] * 12},
            'projection_matrix: nan',
        ),
        ('rectification_matrix', None, 'rectification_matrix is missing'),
        ('distortion_model', 'plumb_bobble', "distortion_model 'plumb_bobble'"),
        ('distortion_model', ['plumb_bob'], 'distortion_model'),
        (
            'distortion_coefficients',
            {'rows': 1, 'cols': 3, 'data': [0.0] * 3},
            'distortion_coefficients has 3 numbers.*plumb_bob',
        ),
    ],
)
def test_a_malformed_field_is_named_with_its_file(path: Path, field, value, message) -> None:
    document = yaml.safe_load(TEXT)
    document[field] = value
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(CalibrationError, match=rf'camera\.yaml: {message}'):
        read_calibration(path)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'holds no fields'),
        ('- 1\n- 2\n', 'holds no fields'),
        ('a: [1, 2', 'not plain YAML'),
        ('%YAML:1.0\n---\nK: !!opencv-matrix\n  rows: 3\n', 'not plain YAML'),
    ],
)
def test_files_of_another_form_are_named(path: Path, text: str, message: str) -> None:
    path.write_text(text)
    with pytest.raises(CalibrationError, match=rf'camera\.yaml.*{message}'):
        read_calibration(path)


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match='nowhere.yaml cannot be read'):
        read_calibration(tmp_path / 'nowhere.yaml')
    (tmp_path / 'binary.yaml').write_bytes(b'\xff\xfe\x00\x81')
    with pytest.raises(CalibrationError, match='binary.yaml'):
        read_calibration(tmp_path / 'binary.yaml')


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('640', '&a [1, *a]', 'not plain YAML.*alias'),
        ('640', '1' * 5000, 'not plain YAML'),
        ('640', '0x' + 'f' * 5000, 'image_width must be.*a number of 20000 bits'),
        ('640', '2026-99-99', 'not plain YAML'),
        ('640', '[' * 5000, 'not plain YAML'),
        ('640', '!!python/object/apply:os.getpid []', 'not plain YAML'),
        ('500.5', '0x' + 'f' * 400, 'camera_matrix: a number of 1600 bits is not'),
        ('rows: 3\n  cols: 4', 'rows: -3\n  cols: -4', 'rows must be 3, got -3'),
        ('head_camera', '{a: 1}', 'camera_name must be a text'),
        ('head_camera', 'x' * 2**18, 'not plain YAML: it has more than 262144 bytes'),
    ],
)
def test_hostile_values_are_refused_as_errors_of_the_file(path: Path, old, new, message) -> None:
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(CalibrationError, match=message) as caught:
        read_calibration(path)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize('name', ['~nobody_of_that_name/camera.yaml', 'camera\0.yaml'])
def test_a_path_that_cannot_be_is_named(name: str) -> None:
    with pytest.raises(CalibrationError, match='cannot be read'):
        read_calibration(name)


def test_what_is_written_is_read_again(tmp_path):
    calibration = Calibration(
        width=640,
        height=480,
        camera_name='a: "b" # c',
        distortion_model='plumb_bob',
        d=(1e-05, -2e20, 0.0, 0.1, 5.0),
        k=(600.5, 0.0, 320.0, 0.0, 601.0, 240.0, 0.0, 0.0, 1.0),
        r=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
        p=(600.0, 0.0, 320.0, 0.0, 0.0, 600.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    )
    path = tmp_path / 'camera.yaml'
    path.write_bytes(calibration_yaml(calibration))

    assert read_calibration(path) == calibration
