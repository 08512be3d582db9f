# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the network of depth_node, and the process around it, say on /diagnostics."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostic_msgs.msg import DiagnosticStatus

from depth_anything_ros import __version__
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.memory import cuda_bytes, resident_bytes
from depth_anything_ros.ros.diagnostics import engine_facts, make_status
from depth_anything_ros.ros.findings import Finding, FindingHolder, level_of, message_of
from depth_anything_ros.ros.node_clock import ClockState
from depth_anything_ros.ros.reporter import Reporter

MEGA = 2**20


class EngineHealth:
    """The status of the engine: what runs where, how, with what memory, and what is wrong.

    ``node`` is the node's full name without the first slash. ``trouble`` is what keeps the node as
    a whole from working, '' for nothing; it makes the status an ERROR in every state. ``missed`` is
    why a network that was wished for does not run. What is found here goes to ``log``, too.
    """

    def __init__(self, node: str, log: Reporter) -> None:
        self._node = node
        self._holder = FindingHolder(log)
        self.trouble = self.missed = ''

    def status(
        self,
        state: str,
        estimator: DepthEstimator | None,
        input_size: int,
        clock: tuple[ClockState, float],
        silence: float,
        loading: str = '',
        namesakes: int = 0,
    ) -> DiagnosticStatus:
        """Return the status in a lifecycle state; without an ``estimator`` nothing is loaded.

        ``clock`` is what the node's clock does and for how long (s) it stands; it should not wait
        for /clock longer than ``silence`` (s), 0 for any time. ``input_size`` is the node's own;
        ``loading`` names a network that is loaded beside the one that runs. ``namesakes`` is how
        many other nodes have the name of this one.
        """
        found = [*self._named_twice(namesakes), *self._troubles(estimator, clock, silence)]
        findings = self._holder.update(found) if state == 'active' else found
        values = {
            'state': state,
            'findings': ','.join(finding.name for finding in findings),
            'version': __version__,
            'clock': clock[0].value,
            **_memory('' if estimator is None else estimator.device),
        }
        otherwise = state
        if estimator is not None:
            values |= _facts(estimator, input_size)
            otherwise = (
                f'{state}: {values["kind"]} depth by {values["model"]} on {values["device"]} in '
                f'{values["precision"]}'
            )
        if loading:
            values['loading'] = loading
            otherwise += f'; {loading} is being loaded'
        if clock[0] is ClockState.SIM_STOPPED:
            otherwise += '; the clock stands still, as of a paused bag'
        message = message_of(findings, otherwise)
        return make_status(f'{self._node}: engine', self._node, level_of(findings), message, values)

    def _named_twice(self, namesakes: int) -> Iterator[Finding]:
        if namesakes:
            text = (
                f'{namesakes} other node(s) are named /{self._node}, too: each answers every '
                'image, and services and parameters reach any of them; end all but one, or start '
                'them with -r __node:=another_name'
            )
            yield Finding('namesake', DiagnosticStatus.WARN, text)

    def _troubles(
        self, estimator: DepthEstimator | None, clock: tuple[ClockState, float], silence: float
    ) -> Iterator[Finding]:
        if self.trouble:
            yield Finding('node', DiagnosticStatus.ERROR, self.trouble, logged=True)
        if self.missed:
            yield Finding('network', DiagnosticStatus.WARN, self.missed, logged=True)
        if clock[0] is ClockState.SIM_WAITING and 0 < silence < clock[1]:
            text = (
                'use_sim_time is set, but no /clock has come: start the simulation, play the bag '
                'with --clock, or set use_sim_time to false'
            )
            yield Finding('no_clock', DiagnosticStatus.WARN, text)
        counts = None if estimator is None else estimator.counts
        if estimator is None or counts is None:
            return
        if counts.out_of_memory:
            text = (
                f'{estimator.device} ran out of memory {counts.out_of_memory} time(s), so fewer '
                'cameras share a pass: lower input_size, or choose a smaller model'
            )
            yield Finding('out_of_memory', DiagnosticStatus.WARN, text, logged=True)
        if counts.eager_runs:
            text = (
                f'{counts.eager_runs} passes ran without a CUDA graph, which is slower: the log '
                'tells why its capture failed'
            )
            yield Finding('eager', DiagnosticStatus.WARN, text, logged=True)


def _facts(estimator: DepthEstimator, input_size: int) -> dict[str, str]:
    """Return what the engine is and has done."""
    counts = estimator.counts
    sizes = (f'{width}x{height}' for height, width in estimator.network_sizes)
    metres = {} if estimator.max_depth is None else {'max_depth_m': f'{estimator.max_depth:g}'}
    return {
        **engine_facts(estimator, input_size),
        **metres,
        'network_sizes_px': ','.join(sizes),
        **({} if counts is None else {k: str(v) for k, v in counts.as_dict().items()}),
    }


def _memory(device: str) -> dict[str, str]:
    """Return the memory that the process holds, in MiB."""
    resident, cuda = resident_bytes(), cuda_bytes(device)
    told = {} if resident is None else {'process_rss_mib': f'{resident / MEGA:.1f}'}
    if cuda is not None:
        told['cuda_allocated_mib'] = f'{cuda[0] / MEGA:.1f}'
        told['cuda_reserved_mib'] = f'{cuda[1] / MEGA:.1f}'
    return told
