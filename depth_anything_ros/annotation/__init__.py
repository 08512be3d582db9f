# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pairs of points of which people say which is nearer, as DA-2K was annotated."""
