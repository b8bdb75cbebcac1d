"""A network that is being trained: one epoch after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lapicque.errors import TrainingError
from lapicque.train.masking import masked
from lapicque.train.recipe import Recipe
from lapicque.train.state import Stateful
from lapicque.train.training import randomness
from lapicque.train.training.batches import Given, Part
from lapicque.train.training.checkpoint import Reached, copied
from lapicque.train.training.identity import identity
from lapicque.train.training.listening import listening
from lapicque.train.training.measuring import loss_of, measure, one_number, recognised, values_of
from lapicque.train.training.trained import Epoch


class Session:
    """The parts of a training, made from a recipe.

    Parameters
    ----------
    recipe : Recipe
        With the epochs, the batch and the seed that are wanted.
    folder : path, optional
        Where data files are.
    samples : int, optional
        How many of each part are taken at most.
    device : optional

    Raises
    ------
    TrainingError
        If the recipe makes something that cannot be trained.
    """

    def __init__(self, recipe: Recipe, folder: Path | None, samples: int | None, device: Any):
        self.recipe, self.device, self.samples = recipe, device, samples
        randomness.begin(recipe.seed, randomness.SAMPLES)
        self.train, self.test = (Part(recipe, split, folder, samples, recipe.seed) for split in ("train", "test"))
        network = self._network()
        self.network = network if device is None else network.to(device)
        self.optimiser = self._optimiser()
        self.schedule = self._schedule()
        randomness.begin(recipe.seed, randomness.SAMPLES)
        self.identity = identity(recipe, self.network, self.optimiser, self.schedule, (self.train, self.test))

    def _network(self) -> nn.Module:
        """Return the network of the recipe, as the seed makes it."""
        recipe = self.recipe
        randomness.begin(recipe.seed, randomness.NETWORK)
        network = recipe.network()
        if not isinstance(network, nn.Module):
            raise self._refused(f"network() is {type(network).__name__}, but a torch.nn.Module is expected")
        if not any(one.requires_grad for one in network.parameters()):
            raise self._refused("the network has nothing to learn")
        for name, layer in network.named_modules():
            if isinstance(layer, Stateful) and layer.stateful:
                raise self._refused(
                    f"layer {name!r} is stateful, so that a batch would begin where the one before has ended: leave "
                    "out stateful=True"
                )
        if recipe.network() is network:
            raise self._refused(
                "network() gives the same network again, with what it has learned: make it inside the function"
            )
        return network

    def _optimiser(self) -> torch.optim.Optimizer:
        made = self.recipe.optimiser(self.network)
        if not isinstance(made, torch.optim.Optimizer):
            kind = type(made).__name__
            raise self._refused(f"optimiser(network) is {kind}, but a torch.optim.Optimizer is expected")
        if isinstance(made, torch.optim.LBFGS):
            raise self._refused("LBFGS runs the network several times in a step, which recipes do not: take another")
        return made

    def _schedule(self) -> Any:
        if self.recipe.schedule is None:
            return None
        made = self.recipe.schedule(self.optimiser, self.recipe.epochs * self.train.number_of_batches())
        if isinstance(made, torch.optim.lr_scheduler.ReduceLROnPlateau):
            raise self._refused("ReduceLROnPlateau waits for a loss, but schedules are stepped after each batch")
        return made

    def _refused(self, message: str) -> TrainingError:
        return TrainingError(f"recipe {self.recipe.name!r}: {message}")

    @property
    def settings(self) -> dict[str, Any]:
        """What was asked for."""
        recipe = self.recipe
        return {
            "name": recipe.name, "epochs": recipe.epochs, "seed": recipe.seed, "batch": recipe.batch,
            "samples": self.samples,
        }  # fmt: skip

    def reached(self, history: tuple[Epoch, ...]) -> Reached:
        """Return where the training stands."""
        parts = {"network": self.network, "optimiser": self.optimiser, "schedule": self.schedule}
        states = {name: None if one is None else copied(one.state_dict()) for name, one in parts.items()}
        return Reached(self.settings, self.identity, states, history)

    def restore(self, reached: Reached) -> None:
        """Go back, or on, to where a training stood."""
        reached.restore(self.network, self.optimiser, self.schedule)

    def epoch(self, number: int, tick: Callable[..., None]) -> Epoch:
        """Train for an epoch, and test.

        Parameters
        ----------
        number : int, from 1
        tick : of a progress bar, called after each batch

        Raises
        ------
        TrainingError
            If numbers are no longer numbers, with the batch.
        """
        begun, recipe = time.perf_counter(), self.recipe
        randomness.begin(recipe.seed, randomness.EPOCH, number)
        self.network.train()
        loss, right, seen, batches = 0.0, 0, 0, self.train.number_of_batches()
        classified = True
        for n, given in enumerate(self.train.epoch(number, self.device), 1):
            try:
                of_batch, found = self._step(given)
            except TrainingError as error:
                raise TrainingError(f"epoch {number}, batch {n} of {batches}: {error}") from error
            loss += of_batch * given.samples
            seen += given.samples
            classified = classified and found is not None
            right += found or 0
            told = f", {100 * right / seen:.1f} %" if classified else ""
            tick(1, f"epoch {number}: loss {loss / seen:.3f}{told}")
        try:
            after = measure(self.network, recipe, self.test, self.device)
        except TrainingError as error:
            raise TrainingError(f"testing after epoch {number}: {error}") from error
        return Epoch(
            number, loss / seen, right / seen if classified else None, after.loss, after.accuracy,
            {name: one.rate for name, one in after.activity.items()},
            {name: (one.silent, one.neurons) for name, one in after.activity.items()},
            time.perf_counter() - begun,
        )  # fmt: skip

    def _step(self, given: Given) -> tuple[float, int | None]:
        """Learn from a batch; return its loss without penalties, and how many of it were recognised."""
        recipe = self.recipe
        with masked(self.network, given.mask), listening(self.network, recipe.penalties) as heard:
            values = values_of(self.network, recipe, given.x)
        loss = loss_of(recipe, values, given)
        own = float(loss.detach())
        for name, (weight, penalty) in recipe.penalties.items():
            if name not in heard:
                raise TrainingError(f"the layer {name!r} did not run by a call: there is nothing for its penalty")
            loss = loss + weight * one_number(
                recipe, f"the penalty of layer {name!r}", penalty(heard[name], given.mask)
            )
        if not torch.isfinite(loss).all():
            raise TrainingError(
                f"the loss is {float(loss.detach())}: lower the optimiser's rate, or set clip=1 in the recipe, the "
                "largest norm of the gradient"
            )
        if not loss.requires_grad:
            raise TrainingError("the loss has no gradient: it does not follow from what comes out of the network")
        self.optimiser.zero_grad()
        loss.backward()
        if recipe.clip is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip)
        self.optimiser.step()
        if self.schedule is not None:
            self.schedule.step()
        with torch.no_grad():
            found = recognised(recipe, values.detach(), given)
        return own, None if found is None else int((found == given.target).sum())
