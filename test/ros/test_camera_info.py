# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for ros/camera_info.py."""

from array import array
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip('sensor_msgs')
from sensor_msgs.msg import CameraInfo, RegionOfInterest, _camera_info  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.geometry.intrinsics import Intrinsics  # noqa: E402
from depth_anything_ros.ros.camera_info import (  # noqa: E402
    CameraInfoError,
    check_camera_info,
    scale_camera_info,
    sensor_window,
)
from depth_anything_ros.ros.pinhole import camera_info_from  # noqa: E402


def info(**changes):
    """A calibrated 640x480 camera whose K and P differ, with a stereo offset in P."""
    message = CameraInfo(
        header=Header(frame_id='camera_optical'),
        width=640,
        height=480,
        distortion_model='plumb_bob',
        d=array('d', [0.1, -0.2, 0.01, 0.02, 0.0]),
        k=np.array([500.0, 0, 320, 0, 510, 240, 0, 0, 1]),
        r=np.eye(3).ravel(),
        p=np.array([480.0, 0, 316, -48, 0, 490, 236, 12, 0, 0, 1, 0]),
    )
    for name, value in changes.items():
        setattr(message, name, value)
    return message


@pytest.fixture(params=['', '1'], ids=['copying setters', 'keeping setters'])
def setters(request, monkeypatch):
    """Setters copy arrays or, where fields are checked (always before Jazzy), keep them."""
    monkeypatch.setattr(_camera_info, 'ros_python_check_fields', request.param, raising=False)


def region(x, y, width, height):
    return RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height, do_rectify=True)


def pixel(message, point):
    """Project a point as image_geometry's PinholeCameraModel does: P, less region, by binning."""
    u, v, w = message.p.reshape(3, 4) @ [*point, 1.0]
    bx, by = max(1, message.binning_x), max(1, message.binning_y)
    return (u / w - message.roi.x_offset) / bx, (v / w - message.roi.y_offset) / by


def test_a_good_camera_info_passes_untouched():
    message = info()
    assert check_camera_info(message, 640, 480) == (message, None)
    assert check_camera_info(message, 640, 480)[0] is message


@pytest.mark.parametrize('size', [(320, 240), (1280, 960), (641, 480), (518, 392)])
def test_other_sizes_of_the_same_aspect_pass(size):
    assert check_camera_info(info(), *size)[1] is None


@pytest.mark.parametrize('size', [(640, 360), (480, 640), (640, 400), (0, 0), (640, 0)])
def test_another_aspect_is_refused_with_both_sizes(size):
    with pytest.raises(CameraInfoError, match=rf'640x480.* {size[0]}x{size[1]}, of another aspect'):
        check_camera_info(info(), *size)


@pytest.mark.parametrize(('width', 'height'), [(0, 0), (640, 0), (0, 480)])
def test_a_size_of_zero_is_refused(width, height):
    with pytest.raises(CameraInfoError, match='no calibrated size'):
        check_camera_info(info(width=width, height=height), 640, 480)


@pytest.mark.parametrize('field', ['k', 'd', 'r', 'p'])
@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_by_name(field, value):
    message = info()
    getattr(message, field)[2] = value
    with pytest.raises(CameraInfoError, match=f'{field.upper()} = .*{value}'):
        check_camera_info(message, 640, 480)


@pytest.mark.parametrize('place', [0, 4])
@pytest.mark.parametrize('value', [0.0, -500.0])
def test_an_uncalibrated_k_is_refused(place, value):
    message = info()
    message.k[place] = value
    with pytest.raises(CameraInfoError, match='uncalibrated'):
        check_camera_info(message, 640, 480)


def test_a_default_camera_info_is_refused():
    with pytest.raises(CameraInfoError):
        check_camera_info(CameraInfo(), 640, 480)
    with pytest.raises(CameraInfoError, match='uncalibrated'):
        check_camera_info(CameraInfo(width=640, height=480), 640, 480)


@pytest.mark.parametrize('place', [0, 5])
def test_a_p_without_focal_lengths_is_refused(place):
    message = info()
    message.p[place] = 0
    with pytest.raises(CameraInfoError, match='in P'):
        check_camera_info(message, 640, 480)


def test_an_empty_p_falls_back_to_k_in_a_copy(setters):
    message = info(p=np.zeros(12), r=np.full(9, 0.5))
    before = deepcopy(message)
    mended, warning = check_camera_info(message, 640, 480)
    assert 'P all zero' in warning and 'D is not zero' in warning
    assert mended.p.tolist() == [500, 0, 320, 0, 0, 510, 240, 0, 0, 0, 1, 0]
    assert mended.r.tolist() == np.eye(3).ravel().tolist()
    assert message == before
    assert check_camera_info(mended, 640, 480)[1] is None
    mended.k[0] = mended.d[0] = 9.0
    mended.roi.width = 9
    assert message == before


def test_an_empty_r_becomes_no_rotation():
    mended, warning = check_camera_info(info(r=np.zeros(9)), 640, 480)
    assert 'R all zero' in warning
    assert mended.r.tolist() == np.eye(3).ravel().tolist()
    assert mended.p.tolist() == info().p.tolist()


@pytest.mark.parametrize(
    'roi', [region(400, 0, 320, 240), region(0, 300, 640, 200), region(640, 0, 0, 0)]
)
def test_a_region_outside_the_sensor_is_refused(roi):
    with pytest.raises(CameraInfoError, match='region of interest .* inside'):
        check_camera_info(info(roi=roi), 640, 480)


def test_binning_and_region_say_which_image_belongs_to_it():
    binned = info(binning_x=2, binning_y=2)
    assert check_camera_info(binned, 320, 240)[1] is None
    assert check_camera_info(binned, 640, 480)[1] is None  # told, but already in the size
    squeezed = info(binning_x=2)
    assert check_camera_info(squeezed, 320, 480)[1] is None
    cut = info(roi=region(100, 50, 200, 100))
    assert check_camera_info(cut, 200, 100)[1] is None
    assert check_camera_info(cut, 400, 200)[1] is None
    both = info(roi=region(100, 50, 200, 100), binning_x=2, binning_y=2)
    assert check_camera_info(both, 100, 50)[1] is None


def test_a_region_that_the_image_does_not_follow_is_warned_of():
    message = info(roi=region(100, 50, 200, 100))
    same, warning = check_camera_info(message, 640, 480)
    assert same is message
    assert '200x100 at (100, 50)' in warning and 'out without the region' in warning


def test_the_window_of_an_image():
    cut = info(roi=region(100, 50, 320, 240))
    assert sensor_window(info()) == (0, 0, 640, 480)
    assert sensor_window(cut) == (100, 50, 320, 240)
    assert sensor_window(cut, 320, 240) == (100, 50, 320, 240)
    assert sensor_window(cut, 640, 480) == (0, 0, 640, 480)
    assert sensor_window(cut, 160, 120) == (100, 50, 320, 240)
    assert sensor_window(info(roi=region(40, 80, 0, 0))) == (40, 80, 600, 400)
    # Half the sensor by binning, not the region's own size, which the binning would halve.
    cut.binning_x = cut.binning_y = 2
    assert sensor_window(cut, 320, 240) == (0, 0, 640, 480)


def test_scaling_multiplies_k_p_and_size_by_plain_ratios():
    header = Header(frame_id='image_frame')
    header.stamp.sec = 7
    scaled = scale_camera_info(info(), 320, 120, header)
    assert scaled == scale_camera_info(info(), 320, 120, header, image_size=(640, 480))
    assert (scaled.width, scaled.height, scaled.header) == (320, 120, header)
    assert scaled.k.tolist() == [250, 0, 160, 0, 127.5, 60, 0, 0, 1]
    assert scaled.p.tolist() == [240, 0, 158, -24, 0, 122.5, 59, 3, 0, 0, 1, 0]


def test_scaling_keeps_the_rest_and_never_touches_the_message(setters):
    message = info(binning_x=2, binning_y=2, roi=region(10, 20, 320, 240))
    before = deepcopy(message)
    scaled = scale_camera_info(message, 80, 60, Header())
    assert message == before
    assert (scaled.d, scaled.distortion_model) == (message.d, 'plumb_bob')
    assert scaled.r.tolist() == message.r.tolist()
    assert (scaled.binning_x, scaled.binning_y) == (2, 2)
    assert scaled.roi == region(5, 10, 160, 120)
    scaled.k[:] = scaled.r[:] = 0
    scaled.p[:] = 0
    scaled.d[0] = 5
    scaled.roi.width = 1
    assert message == before


def test_scaling_an_empty_region_leaves_it_empty():
    assert scale_camera_info(info(), 100, 75, Header()).roi == RegionOfInterest()


def test_a_binned_camera_keeps_its_binning_and_doubles_its_size():
    scaled = scale_camera_info(info(binning_x=2, binning_y=2), 160, 120, Header())
    assert (scaled.width, scaled.height) == (320, 240)
    assert scaled.k[0] == 250


def test_a_region_on_an_image_of_the_whole_sensor_is_left_out():
    message = info(roi=region(100, 50, 320, 240))
    scaled = scale_camera_info(message, 320, 240, Header(), image_size=(640, 480))
    assert (scaled.width, scaled.height) == (320, 240)
    assert scaled.roi == RegionOfInterest()
    assert scaled.k[0] == 250
    assert message.roi == region(100, 50, 320, 240)


@pytest.mark.parametrize('size', [(0, 240), (320, 0)])
def test_scaling_to_nothing_is_refused(size):
    with pytest.raises(CameraInfoError, match='above 0'):
        scale_camera_info(info(), *size, Header())


def test_a_tiny_region_stays_a_region_inside():
    message = info(roi=region(637, 477, 3, 3))
    scaled = scale_camera_info(message, 1, 1, Header(), image_size=(3, 3))
    assert scaled.roi == region(212, 159, 1, 1)


@settings(max_examples=80, deadline=None)
@given(
    x=st.integers(0, 200),
    y=st.integers(0, 150),
    cut=st.booleans(),
    binning=st.sampled_from([0, 1, 2, 4]),
    factor=st.floats(0.3, 2.5),
)
def test_a_point_is_seen_at_the_scaled_pixel(x, y, cut, binning, factor):
    message = info(binning_x=binning, binning_y=binning)
    if cut:
        message.roi = region(x, y, 400, 300)
    step = max(1, binning)
    image = (400 // step, 300 // step) if cut else (640 // step, 480 // step)
    target = (max(20, round(image[0] * factor)), max(15, round(image[1] * factor)))
    scaled = scale_camera_info(message, *target, Header(), image_size=image)
    roi = scaled.roi
    assert roi.x_offset + roi.width <= scaled.width and roi.y_offset + roi.height <= scaled.height
    assert sensor_window(scaled)[2:] == (target[0] * step, target[1] * step)
    assert check_camera_info(scaled, *target)[1] is None
    before = pixel(message, (0.3, -0.2, 2.0))
    after = pixel(scaled, (0.3, -0.2, 2.0))
    # A region starts at a whole pixel of the sensor, so it may be off by the rounding of that.
    slack = 1.01 / step if cut else 1e-6
    assert abs(after[0] - before[0] * target[0] / image[0]) <= slack
    assert abs(after[1] - before[1] * target[1] / image[1]) <= slack


def test_intrinsics_become_a_camera_info():
    camera = Intrinsics(320, 200, 250.0, 251.0, 160.5, 99.0)
    message = camera_info_from(camera, Header(frame_id='optical'))
    assert check_camera_info(message, 320, 200) == (message, None)
    assert (message.width, message.height) == (320, 200)
    assert message.header.frame_id == 'optical'
    assert (message.distortion_model, list(message.d)) == ('plumb_bob', [0.0] * 5)
    assert message.k.tolist() == [250, 0, 160.5, 0, 251, 99, 0, 0, 1]
    assert message.p.tolist() == [250, 0, 160.5, 0, 0, 251, 99, 0, 0, 0, 1, 0]


def test_a_camera_info_takes_the_distortion_it_is_given():
    camera = Intrinsics(320, 200, 250.0, 251.0, 160.5, 99.0)
    message = camera_info_from(camera, Header(), [0.1, 0.2, 0.3, 0.4], 'equidistant')
    assert (message.distortion_model, list(message.d)) == ('equidistant', [0.1, 0.2, 0.3, 0.4])


def test_a_scaled_camera_info_survives_being_sent():
    serialization = pytest.importorskip('rclpy.serialization')
    scaled = scale_camera_info(info(roi=region(10, 20, 320, 240)), 160, 120, Header(frame_id='a'))
    sent = serialization.deserialize_message(serialization.serialize_message(scaled), CameraInfo)
    assert sent == scaled


@pytest.mark.parametrize(('field', 'place'), [('k', 0), ('k', 4), ('p', 0), ('p', 5)])
@pytest.mark.parametrize('value', [1e-3, 1e9, 5e-324])
def test_focal_lengths_that_no_camera_has_are_refused(field, place, value):
    message = info()
    getattr(message, field)[place] = value
    with pytest.raises(CameraInfoError, match=f'in {field.upper()}, which no camera of 640x480'):
        check_camera_info(message, 640, 480)


@pytest.mark.parametrize('field', ['k', 'd', 'r', 'p'])
def test_values_whose_products_would_overflow_are_refused(field):
    message = info()
    getattr(message, field)[1] = -1e300
    with pytest.raises(CameraInfoError, match=f'{field.upper()} = .*at most 1e.12'):
        check_camera_info(message, 640, 480)


def test_more_coefficients_than_any_model_has_are_refused():
    with pytest.raises(CameraInfoError, match='1000000 coefficients in D') as caught:
        check_camera_info(info(d=array('d', bytes(8_000_000))), 640, 480)
    assert len(str(caught.value)) < 200


def test_a_binning_that_leaves_no_place_for_the_image_is_refused():
    message = info(binning_x=2**32 - 1, binning_y=2**32 - 1)
    usable, _ = check_camera_info(message, 640, 480)
    with pytest.raises(CameraInfoError, match='binning 4294967295x4294967295, has no place'):
        scale_camera_info(usable, 640, 480, Header())
