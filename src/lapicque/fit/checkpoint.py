"""A search on disk: written after complete generations only, read with suspicion."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.generations import Generation, thinned
from lapicque.fit.searchable import Searchable

FORMAT = 4


class Optimizer(Protocol):
    """An optimiser's description: a value that starts and resumes searches on the unit cube."""

    def start(self, dimension: int, seed: int, x0: np.ndarray | None = None) -> Any:
        """Begin a search with ``ask``, ``tell``, ``done`` and ``save``."""

    def resume(self, saved: dict[str, Any]) -> Any:
        """Continue a saved search identically."""


@dataclass(frozen=True)
class Reached:
    """Where a search stood after its last complete generation: what is saved, and what is returned.

    A search makes a new one after each generation, in one assignment: an interrupt comes before or after it. What was
    begun then is lost, and done again with the same random numbers when the search is resumed.

    Attributes
    ----------
    search : the optimiser's saved state
    standing : float
        Smaller is better; see `standing_of`.
    evaluations : int
    best_at : evaluations when the best was found
    seconds : float
    rows_so_far : rows of ``history`` that count
    history : list of three numbers, to which rows are appended
        Evaluations, best loss and median loss; of several objectives evaluations, hypervolume and length of the front.
    generations : those that are kept, see `lapicque.fit.generations.thinned`
    """

    search: dict[str, Any]
    standing: float
    evaluations: int = 0
    best_at: int = 0
    seconds: float = 0.0
    rows_so_far: int = 0
    history: list[tuple[float, float, float]] = field(default_factory=list)
    generations: tuple[Generation, ...] = ()

    @property
    def rows(self) -> list[tuple[float, float, float]]:
        """The history up to here."""
        return self.history[: self.rows_so_far]

    def after(self, search: Any, points: np.ndarray, losses: np.ndarray, seconds: float) -> Reached:
        """Return where the search stands after one more generation; what else it spent, on derivatives, counts too."""
        evaluations = self.evaluations + len(losses) + getattr(search, "further", 0)
        standing = standing_of(search)
        row = (standing, float(np.median(losses))) if losses.ndim == 1 else (-standing, float(len(search.front)))
        self.history.append((evaluations, *row))
        best_at = evaluations if standing < self.standing else self.best_at
        new = Generation.sampled(self.rows_so_far, evaluations, points, losses)
        return Reached(
            search.save(), standing, evaluations, best_at, seconds, self.rows_so_far + 1, self.history,
            thinned(self.generations, new),
        )  # fmt: skip


def standing_of(search: Any) -> float:
    """Return the best loss of a search so far; of several objectives minus the hypervolume of its front."""
    return float(-search.hypervolume if hasattr(search, "hypervolume") else search.best_value)


class Checkpoint:
    """The file of one search.

    Raises
    ------
    FitError
        If it cannot be a file.
    """

    def __init__(self, path: Path, problem: Searchable, optimizer: Optimizer, seed: int, x0: np.ndarray | None = None):
        self.path, self.optimizer = path, optimizer
        if path.is_dir() or not path.parent.is_dir():
            what = "is a folder" if path.is_dir() else f"lies in no folder that exists ({path.parent})"
            raise FitError(f"the checkpoint {path} {what}: name a file in a folder that exists")
        #: What the search must have in common with the one that wrote the file, and what is said if it differs.
        self.identity = {
            "problem": (problem.fingerprint, "belongs to another problem (model, data, bounds or objective differ)"),
            "optimizer": (repr(optimizer), "was written with the optimiser {}"),
            "seed": (seed, "was begun with the seed {}"),
            "x0": (None if x0 is None else np.asarray(x0).tolist(), "was begun at another x0"),
        }

    def save(self, reached: Reached) -> None:
        """Replace the file at once: a reader never sees half of it."""
        state = {
            "format": FORMAT,
            **{name: value for name, (value, _) in self.identity.items()},
            "search": reached.search,
            "evaluations": reached.evaluations,
            "best_at": reached.best_at,
            "seconds": reached.seconds,
            "history": reached.rows,
            "generations": [generation.plain() for generation in reached.generations],
        }
        temporary = self.path.with_name(self.path.name + ".writing")
        temporary.write_text(json.dumps({**state, "digest": _digest(state)}), encoding="utf-8")
        os.replace(temporary, self.path)

    def load(self) -> tuple[Any, Reached] | None:
        """Return the search and where it stood; None if there is no file.

        Raises
        ------
        FitError
            If the file is damaged, or was written by another search.
        """
        if not self.path.exists():
            return None
        try:
            state = json.loads(self.path.read_text(encoding="utf-8"))
            if state["format"] != FORMAT:
                raise FitError("it was written by another version of lapicque: give another name")
            if state.pop("digest") != _digest(state):
                raise FitError("it is damaged, or was edited: remove it, or give another name")
            for name, (value, said) in self.identity.items():
                if state[name] != value:
                    raise FitError(f"it {said.format(state[name])}: give the same again, or another name")
            search = self.optimizer.resume(state["search"])
            history = [(float(a), float(b), float(c)) for a, b, c in state["history"]]
            reached = Reached(
                state["search"], standing_of(search), int(state["evaluations"]), int(state["best_at"]),
                float(state["seconds"]), len(history), history, tuple(map(Generation.read, state["generations"])),
            )  # fmt: skip
        except FitError as error:
            raise FitError(f"{self.path} cannot be resumed: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as error:
            raise FitError(
                f"{self.path} is no checkpoint of a fit, or it is damaged ({type(error).__name__}): remove it, or give "
                "another name"
            ) from None
        return search, reached


def _digest(state: dict[str, Any]) -> str:
    """Return a hash of all that a file holds: what fits together no more, or never was, is not gone on from."""
    return hashlib.blake2b(json.dumps(state, sort_keys=True).encode(), digest_size=16).hexdigest()
