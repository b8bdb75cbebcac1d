"""CMA-ES: a normal distribution that learns the shape of the objective, with restarts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from cmaes import CMA

from lapicque.errors import FitError
from lapicque.optimizers.asktell import (
    Restarting,
    beginning,
    better,
    checked,
    generator,
    load_generator,
    plain,
    same_kind,
    save_generator,
)


@dataclass(frozen=True)
class cma_es:  # noqa: N801  (a value that reads as it is written: cma_es(population=128))
    """Covariance matrix adaptation evolution strategy on the unit cube, restarted when a run has converged.

    The distribution is updated by the ``cmaes`` package; sampling, the cube's bounds and the restarts are done here, a
    generation at a time. A sample outside the cube is drawn again, after `redraws` attempts moved to a face.
    The first run starts in the middle of the cube (or at ``x0``), each later one at a place drawn at random.

    Parameters
    ----------
    population : int, optional
        Candidates in a generation; None is max(64, 4 + 3 log(dimension)), a block of lanes of the simulation.
    sigma0 : float
        Standard deviation at the start of a run, in edges of the cube.
    growth : float
        Factor on the population at each restart: 2 is IPOP-CMA-ES, 1 keeps it.
    tolerance : float
        A run has converged when the largest standard deviation of the distribution is below this.
    patience : int, optional
        A run has converged when its best value did not fall by more than `least_gain` in so many generations; None is
        20 + 60 dimension / population.
    least_gain : float
        Smallest fall of the best value that counts.
    max_restarts : int, optional
        The search is done after so many restarts; None never stops by itself.
    redraws : int
        How often samples outside the cube are drawn again.

    References
    ----------
    .. [1] Hansen & Ostermeier 2001, doi:10.1162/106365601750190398
    .. [2] Auger & Hansen 2005, "A restart CMA evolution strategy with increasing population size",
       doi:10.1109/CEC.2005.1554902

    Examples
    --------
    >>> search = cma_es(population=32).start(dimension=3, seed=0)
    >>> points = search.ask()
    >>> points.shape, bool(points.min() >= 0), bool(points.max() <= 1)
    ((32, 3), True, True)
    """

    population: int | None = None
    sigma0: float = 0.3
    growth: float = 1.0
    tolerance: float = 1e-6
    patience: int | None = None
    least_gain: float = 1e-9
    max_restarts: int | None = None
    redraws: int = 20

    def __post_init__(self) -> None:
        if self.population is not None and self.population < 4:
            raise FitError(f"cma_es: population is {self.population}, it needs at least 4 candidates")
        if not self.sigma0 > 0:
            raise FitError(f"cma_es: sigma0 is {self.sigma0}, expected a positive part of the cube's edge such as 0.3")
        if not self.growth >= 1:
            raise FitError(f"cma_es: growth is {self.growth}, expected 1 (same population) or more")

    def start(self, dimension: int, seed: int, x0: np.ndarray | None = None) -> "CMASearch":
        """Begin a search.

        Parameters
        ----------
        dimension : int
            Number of coordinates.
        seed : int
            Seed of every random number of the search.
        x0 : (dimension,), optional
            Where the first run starts; the middle of the cube by default.
        """
        given = beginning("cma_es", dimension, x0)
        mean = np.full(dimension, 0.5) if given is None else given
        return CMASearch(self, generator(seed), self._run(mean, restarts=0))

    def around(self, mean: np.ndarray, covariance: np.ndarray, seed: int | list[int]) -> "CMASearch":
        """Begin a search where something is known already: at a place, with a covariance.

        Parameters
        ----------
        mean : (dimension,)
        covariance : (dimension, dimension), positive definite
        seed : int or list of int
            Of every random number of the search.

        Raises
        ------
        FitError
            If the shapes do not belong together, or there is no such normal distribution.

        Examples
        --------
        >>> search = cma_es(population=400).around(np.array([0.5, 0.5]), np.diag([1e-2, 1e-4]), seed=0)
        >>> search.ask().std(axis=0).round(2).tolist()
        [0.1, 0.01]
        """
        mean, covariance = np.asarray(mean, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
        given = beginning("cma_es", len(mean), mean)
        assert given is not None
        if covariance.shape != (len(mean), len(mean)):
            raise FitError(f"cma_es: the covariance has shape {covariance.shape}, expected {(len(mean), len(mean))}")
        lengths = np.linalg.eigvalsh(covariance) if np.isfinite(covariance).all() else np.array([np.nan])
        if not lengths.min() > 0:
            raise FitError("cma_es: the covariance is not positive definite: add a small number to its diagonal")
        sigma = float(np.sqrt(np.exp(np.log(lengths).mean())))
        run = self._run(given, restarts=0, sigma=sigma, shape=covariance / sigma**2)
        return CMASearch(self, generator(seed), run)

    def resume(self, saved: dict[str, Any]) -> "CMASearch":
        """Search that continues, point by point, where `CMASearch.save` left it."""
        saved = same_kind(saved, "cma_es")
        run = self._run(np.array(saved["mean"]), saved["restarts"])
        if vars(run).keys() - {"_rng"} != saved["cma"].keys():
            raise FitError(
                "cma_es: the state was saved with another version of the package cmaes: resume it with that one"
            )
        for name, value in saved["cma"].items():
            setattr(run, name, np.array(value, dtype=np.float64) if isinstance(value, list) else value)
        search = CMASearch(self, load_generator(saved["random"]), run)
        search.restarts, search.best_value = saved["restarts"], saved["best_value"]
        search.best_point = None if saved["best_point"] is None else np.array(saved["best_point"])
        search.run_best, search.stale = saved["run_best"], saved["stale"]
        return search

    def _run(self, mean: np.ndarray, restarts: int, sigma: float | None = None, shape: np.ndarray | None = None) -> CMA:
        smallest = max(64, 4 + int(3 * np.log(len(mean)))) if self.population is None else self.population
        # The seed is for CMA's own sampling, which is not used.
        return CMA(
            mean=mean, sigma=self.sigma0 if sigma is None else sigma, cov=shape, seed=0,
            population_size=int(smallest * self.growth**restarts),
        )  # fmt: skip


class CMASearch(Restarting):
    """State of a `cma_es` search; see `lapicque.optimizers.SearchState`."""

    def __init__(self, description: cma_es, random: np.random.Generator, run: CMA) -> None:
        self.description, self.random, self.run = description, random, run
        self.dimension = run.dim
        self.restarts = 0
        self.best_value: float = float("inf")
        self.best_point: np.ndarray | None = None
        self.run_best, self.stale = float("inf"), 0

    def ask(self) -> np.ndarray:
        """(population, dimension) samples of the distribution inside the cube."""
        axes, lengths = self.run._eigen_decomposition()
        transform = np.ascontiguousarray((axes * (self.run._sigma * lengths)).T)
        points = self._draw(self.run.population_size, transform)
        for _ in range(self.description.redraws):
            outside = np.flatnonzero(((points < 0.0) | (points > 1.0)).any(axis=1))
            if not len(outside):
                return points
            points[outside] = self._draw(len(outside), transform)
        return np.clip(points, 0.0, 1.0)

    def within(self, points: np.ndarray, rows: slice) -> np.ndarray:
        """Return points of a generation with some, which come from elsewhere, as near as samples are.

        They lie on their lines to the mean, not further from it than sqrt(n) + 2n/(n + 2) standard deviations: the
        distribution can then learn from them as from its own samples (Hansen 2011, doi:10.48550/arXiv.1110.4181).

        Parameters
        ----------
        points : (candidate, dimension)
        rows : slice
            Of those that come from elsewhere.
        """
        axes, lengths = self.run._eigen_decomposition()
        away = points[rows] - self.run.mean
        distance = np.sqrt((((away @ axes) / (self.run._sigma * lengths)) ** 2).sum(axis=1))
        most = np.sqrt(self.dimension) + 2 * self.dimension / (self.dimension + 2)
        moved = points.copy()
        moved[rows] = self.run.mean + away * np.minimum(1.0, most / np.maximum(distance, 1e-300))[:, None]
        return moved

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Update the distribution with one generation, and begin a new run where the old one has converged."""
        points, ranked = checked(points, values, self.dimension)
        if len(points) != self.run.population_size:
            raise FitError(f"cma_es: told {len(points)} points, expected the {self.run.population_size} from ask()")
        self.best_value, self.best_point = better((self.best_value, self.best_point), points, ranked, values)
        self.run.tell(list(zip(points, ranked.tolist(), strict=True)))
        lowest = float(ranked.min())
        self.stale = 0 if lowest < self.run_best - self.description.least_gain else self.stale + 1
        self.run_best = min(self.run_best, lowest)
        if self._converged():
            self.restarts += 1
            self.run = self.description._run(self.random.uniform(0.1, 0.9, self.dimension), self.restarts)
            self.run_best, self.stale = float("inf"), 0

    def save(self) -> dict[str, Any]:
        """Plain numbers from which `cma_es.resume` continues; call it after `tell`."""
        return {
            "optimizer": "cma_es",
            "mean": plain(self.run.mean),
            "cma": {name: plain(value) for name, value in vars(self.run).items() if name != "_rng"},
            "random": save_generator(self.random),
            "restarts": self.restarts,
            "best_value": self.best_value,
            "best_point": None if self.best_point is None else plain(self.best_point),
            "run_best": self.run_best,
            "stale": self.stale,
        }

    def _draw(self, number: int, transform: np.ndarray) -> np.ndarray:
        return self.run.mean + self.random.standard_normal((number, self.dimension)) @ transform

    def _converged(self) -> bool:
        patience = self.description.patience
        if patience is None:
            patience = 20 + 60 * self.dimension // self.run.population_size
        if self.stale >= patience or self.run.should_stop():
            return True
        _, lengths = self.run._eigen_decomposition()
        return bool(self.run._sigma * lengths.max() < self.description.tolerance)
