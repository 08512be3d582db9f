# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for annotation/voters.py: what a network cannot see is an error of that picture alone."""

from pathlib import PurePosixPath

import numpy as np
import pytest

from depth_anything_ros import DepthEstimator
from depth_anything_ros.annotation.voters import NetworkVoter, VoterError


def test_a_picture_too_long_for_a_network_is_named():
    voter = NetworkVoter('nano@28', DepthEstimator('nano', device='cpu', input_size=28))

    with pytest.raises(VoterError, match='nano@28 cannot see indoor/line: 30000x2 pixels'):
        voter.depth(np.zeros((2, 30000, 3), np.uint8), PurePosixPath('indoor/line'))
    assert voter.depth(np.zeros((20, 30, 3), np.uint8), PurePosixPath('a')).values.shape == (20, 30)
