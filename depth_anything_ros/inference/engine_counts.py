# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an engine has met since it was loaded."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class EngineCounts:
    """Passes by how they ran, and memory that was not enough.

    graph_hits: a graph that was there was replayed. graph_misses: buffers were made and a graph
    captured first, as for every new shape of a pass. eager_runs: the pass has no graph, its
    capture failed. out_of_memory: a pass did not fit; larger ones are halved from then on. One
    thread counts, any may read.
    """

    graph_hits: int = 0
    graph_misses: int = 0
    eager_runs: int = 0
    out_of_memory: int = 0

    def reset(self) -> None:
        """Start anew; a pass counted at the same moment may be lost."""
        self.graph_hits = self.graph_misses = self.eager_runs = self.out_of_memory = 0

    def as_dict(self) -> dict[str, int]:
        """Return the numbers by name."""
        return asdict(self)
