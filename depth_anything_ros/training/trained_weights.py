# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All numbers that training changes: weights, their average, the optimiser's memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from depth_anything_ros.training.moving_average import MovingAverage

NETWORK = 'network.'
"""What stands before the network's own names in the model that is trained."""


class TrainedWeights:
    """The weights of a model with their average and optimiser, to be saved and set as a whole.

    Where the model is sharded over processes, all of them must call each method together; the
    whole states are joined on process 0, and others get empty ones.
    """

    def __init__(self, model: nn.Module, optimiser: Optimizer, decay: float, sharded: bool) -> None:
        self._model, self._optimiser, self._sharded = model, optimiser, sharded
        self.average = MovingAverage(model, decay)

    def state(self) -> dict[str, Any]:
        """Return everything, in plain values and tensors."""
        model, optimiser = self._gather()
        with self.average.in_place():
            # Not sharded these are the weights themselves, which are about to be put back.
            averaged = {name: value.clone() for name, value in self._gather()[0].items()}
        return {'model': model, 'averaged': averaged, 'optimiser': optimiser}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set everything to what ``state`` returned."""
        self._spread(state['averaged'], state['optimiser'])
        self.average.restart()
        self._spread(state['model'], state['optimiser'])

    def network_state(self) -> dict[str, Tensor]:
        """Return the averaged network's state dict."""
        with self.average.in_place():
            return {
                name.removeprefix(NETWORK): value.clone()
                for name, value in self._gather()[0].items()
            }

    def _gather(self) -> tuple[dict[str, Any], dict[str, Any]]:
        if not self._sharded:
            return self._model.state_dict(), self._optimiser.state_dict()
        from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict

        whole = StateDictOptions(full_state_dict=True, cpu_offload=True)
        model, optimiser = get_state_dict(self._model, self._optimiser, options=whole)
        return model, dict(optimiser)

    def _spread(self, model: dict[str, Any], optimiser: dict[str, Any]) -> None:
        if not self._sharded:
            self._model.load_state_dict(model)
            self._optimiser.load_state_dict(optimiser)
            return
        from torch.distributed.checkpoint.state_dict import StateDictOptions, set_state_dict

        set_state_dict(
            self._model,
            self._optimiser,
            model_state_dict=model,
            optim_state_dict=optimiser,
            options=StateDictOptions(full_state_dict=True),
        )
