"""What every distance is: a frozen value with two compiled kernels, applied to pairs, matrices and batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from lapicque.errors import DistanceError, suggest
from lapicque.threads import in_threads
from lapicque.units import magnitude

if TYPE_CHECKING:
    from lapicque.spikes import SpikeTrains


class Kernels(NamedTuple):
    """The part of a distance that is compiled; the arguments of both functions are those of `lapicque.distances.pairs`.

    Parameters
    ----------
    prepare : callable
        Writes what a pair needs of one train, once per train.
    pair : callable
        The published value (distance or similarity) of two prepared trains.
    parameters : tuple of float
        Numbers that both functions are given.
    columns : int
        Floats per spike that ``prepare`` writes.
    scratch : int
        Floats per spike that ``pair`` needs to work.
    reference_below : float
        Highest mean rate in Hz, itself excluded, that a reference may have.
    """

    prepare: Callable[..., Any]
    pair: Callable[..., Any]
    parameters: tuple[float, ...] = ()
    columns: int = 1
    scratch: int = 0
    reference_below: float = np.inf


@dataclass(frozen=True, repr=False)
class Described:
    """A value that says how it was made, and knows which of its parameters are times."""

    def rescaled(self, factor: float) -> Self:
        """Return the distance with its time scale, if it has one, multiplied by a factor.

        Examples
        --------
        >>> from lapicque.distances import coincidence
        >>> coincidence("4 ms").rescaled(0.5)
        coincidence(precision='2 ms', counting='exclusive', rate='data')
        """
        powers = {"ms": 1, "/ms": -1}
        scaled = {
            field.name: getattr(self, field.name) * factor ** powers[field.metadata["unit"]]
            for field in fields(self)
            if field.metadata.get("unit") in powers and getattr(self, field.name) is not None
        }
        return replace(self, **scaled)

    def __repr__(self) -> str:
        def shown(field: Any) -> str:
            value = getattr(self, field.name)
            unit = field.metadata.get("unit")
            text = value
            if unit and value is not None:
                short = f"{value:g}"
                text = f"{short if float(short) == value else repr(value)} {unit}"
            return f"{field.name}={text!r}"

        return f"{type(self).__module__.rpartition('.')[2]}({', '.join(map(shown, fields(self)))})"


@dataclass(frozen=True, repr=False)
class Distance(Described, ABC):
    """A distance, or similarity, between two spike trains.

    Called with two trains it gives the value of the literature; so do `matrix` and `batch`. Only `evaluate`, the entry
    for a fit, turns similarities round, so that 0 is the same and smaller is better.
    """

    #: Whether 1 means the same (coincidence factor, SPIKE-synchronisation) instead of 0.
    similarity: ClassVar[bool] = False
    #: Whether exchanging the trains leaves the value as it is.
    symmetric: ClassVar[bool] = True

    @abstractmethod
    def kernels(self) -> Kernels:
        """Functions to be compiled, at their first use, and their parameters."""

    def __call__(self, a: SpikeTrains, b: SpikeTrains) -> float:
        """Value for two trains of the same window; where it is not symmetric, ``a`` is the model and ``b`` the data.

        Raises
        ------
        DistanceError
            If either holds more than one train, or the windows differ.
        """
        _check_single(a, b)
        return float(self.batch(a, b, threads=1)[0, 0])

    def matrix(self, trains: SpikeTrains, threads: int | None = None) -> np.ndarray:
        """Values for all pairs of trains.

        Parameters
        ----------
        trains : SpikeTrains
        threads : int, optional
            By default as many as there are processors. The values do not depend on it.

        Returns
        -------
        numpy.ndarray
            (train, train); row: first argument (model), column: second (data).
        """
        from lapicque.distances import pairs

        window = trains.t_start, trains.t_stop
        self._check(trains.times, trains.offsets, *window)
        kernels = self.kernels()
        pair, parameters = pairs.compiled(kernels.pair, pairs.PAIR), np.array(kernels.parameters)
        prepared, bounds = self._prepared(trains)
        out = np.full((len(trains), len(trains)), 1.0 if self.similarity else 0.0)

        def work(part: int, parts: int) -> None:
            pairs.fill_matrix(
                pair, parameters, kernels.scratch, prepared, bounds, *window, self.symmetric, part, parts, out
            )

        in_threads(work, threads, len(trains) // 8)
        return out

    def _prepared(self, trains: SpikeTrains) -> tuple[np.ndarray, np.ndarray]:
        from lapicque.distances import pairs

        kernels = self.kernels()
        out = np.empty((kernels.columns, len(trains.times) + pairs.PAD * len(trains)))
        bounds = np.empty(len(trains) + 1, np.int64)
        pairs.prepare_trains(
            pairs.compiled(kernels.prepare, pairs.PREPARE), np.array(kernels.parameters),
            trains.times, trains.offsets[:-1], trains.counts, trains.t_start, trains.t_stop, out, bounds,
        )  # fmt: skip
        return out, bounds

    def prepared(self, a: SpikeTrains, b: SpikeTrains) -> tuple[np.ndarray, np.ndarray]:
        """What the compiled code sees of two single trains, (column, entry) each; for a profile in time."""
        _check_single(a, b)
        _check_window(a, b)
        (out_a, bounds_a), (out_b, bounds_b) = self._prepared(a), self._prepared(b)
        return out_a[:, : bounds_a[-1]], out_b[:, : bounds_b[-1]]

    def batch(self, candidates: SpikeTrains, references: SpikeTrains, threads: int | None = None) -> np.ndarray:
        """Values for each candidate with each reference.

        Parameters
        ----------
        candidates, references : SpikeTrains
            Of the same window.
        threads : int, optional
            By default as many as there are processors. The values do not depend on it.

        Returns
        -------
        numpy.ndarray
            (candidate, reference).

        Raises
        ------
        DistanceError
            If the windows differ.
        """
        _check_window(candidates, references)
        window = candidates.t_start, candidates.t_stop
        out = np.empty((len(candidates), len(references)))

        def work(part: int, parts: int) -> None:
            a, b = (len(candidates) * k // parts for k in (part, part + 1))
            self._fill(
                candidates.times, candidates.offsets[a:b], candidates.counts[a:b],
                references.times, references.offsets, *window, out[a:b],
            )  # fmt: skip

        self._check(references.times, references.offsets, *window)
        in_threads(work, threads, len(candidates) // 8)
        return out

    def pairs(self, a: SpikeTrains, b: SpikeTrains, threads: int | None = None) -> np.ndarray:
        """Values train by train: the first of ``a`` with the first of ``b``, and so on.

        Parameters
        ----------
        a, b : SpikeTrains
            As many trains in both, of the same window; ``a`` is the model and ``b`` the data.
        threads : int, optional
            By default as many as there are processors. The values do not depend on it.

        Returns
        -------
        numpy.ndarray
            (train,).

        Raises
        ------
        DistanceError
            If the numbers of trains or the windows differ.

        Examples
        --------
        >>> from lapicque.distances import spike
        >>> from lapicque.spikes import poisson
        >>> spike().pairs(*[poisson("20 Hz", "5 s", trains=1000, seed=seed) for seed in (1, 2)]).mean().round(2).item()
        0.29
        """
        from lapicque.distances import pairs

        _check_window(a, b)
        if len(a) != len(b):
            raise DistanceError(
                f"trains are compared one by one, but there are {len(a)} and {len(b)}: batch compares each with each"
            )
        window = a.t_start, a.t_stop
        self._check(b.times, b.offsets, *window)
        kernels = self.kernels()
        prepare, pair = pairs.compiled(kernels.prepare, pairs.PREPARE), pairs.compiled(kernels.pair, pairs.PAIR)
        out, parameters = np.empty(len(a)), np.array(kernels.parameters)

        def work(part: int, parts: int) -> None:
            first, last = (len(a) * k // parts for k in (part, part + 1))
            pairs.fill_pairs(
                prepare, pair, parameters, kernels.columns, kernels.scratch,
                a.times, a.offsets[first : last + 1], b.times, b.offsets[first : last + 1], *window, out[first:last],
            )  # fmt: skip

        in_threads(work, threads, len(a) // 64)
        return out

    def evaluate(
        self,
        times: np.ndarray,
        starts: np.ndarray,
        counts: np.ndarray,
        reference_times: np.ndarray,
        reference_offsets: np.ndarray,
        t_start: float,
        t_stop: float,
        out: np.ndarray,
    ) -> np.ndarray:
        """Distance of many candidates from each reference, without any Python per candidate.

        It releases the interpreter's lock and may be called from several threads at once.

        Parameters
        ----------
        times : (anything,), ms
            Where all candidates' spikes lie, each candidate's sorted.
        starts, counts : (candidate,)
            The spikes of candidate c are ``times[starts[c]:starts[c] + counts[c]]``; those outside the window are
            passed over.
        reference_times : (spike,), ms
        reference_offsets : (reference + 1,)
            References one behind the other; spikes outside the window are passed over.
        t_start, t_stop : ms
            The window.
        out : (candidate, reference)
            Is filled with the distance, 0 for the same; of a similarity, 1 minus its value.

        Returns
        -------
        numpy.ndarray
            ``out``.

        Raises
        ------
        DistanceError
            If the distance does not exist for a reference: see `kernels`.
        """
        self._check(reference_times, reference_offsets, t_start, t_stop)
        self._fill(times, starts, counts, reference_times, reference_offsets, t_start, t_stop, out)
        return np.subtract(1.0, out, out=out) if self.similarity else out

    def _check(self, times: np.ndarray, offsets: np.ndarray, t_start: float, t_stop: float) -> None:
        if not t_stop > t_start:
            raise DistanceError(f"the window must have a length to compare trains in: {t_start:g} to {t_stop:g} ms")
        limit = self.kernels().reference_below
        if limit < np.inf:
            inside = np.concatenate([[0], np.cumsum((times >= t_start) & (times <= t_stop))])
            rates = (inside[offsets[1:]] - inside[offsets[:-1]]) / (t_stop - t_start) * 1e3
            if rates.max(initial=0.0) >= limit:
                raise DistanceError(
                    f"{self!r} exists only for data below {limit:g} Hz, but train {np.argmax(rates)} fires at "
                    f"{rates.max():.4g} Hz: so many coincidences are expected by chance. Use a smaller precision, or "
                    "a distance without one, such as spike()"
                )

    def _fill(
        self, times: Any, starts: Any, counts: Any, ref_times: Any, ref_offsets: Any, t_start: float, t_stop: float,
        out: np.ndarray,
    ) -> None:  # fmt: skip
        from lapicque.distances import pairs

        kernels = self.kernels()
        pairs.fill_batch(
            pairs.compiled(kernels.prepare, pairs.PREPARE), pairs.compiled(kernels.pair, pairs.PAIR),
            np.array(kernels.parameters), kernels.columns, kernels.scratch,
            times, starts, counts, ref_times, ref_offsets, t_start, t_stop, out,
        )  # fmt: skip


def _check_single(*arguments: SpikeTrains) -> None:
    for trains in arguments:
        if len(trains) != 1:
            raise DistanceError(
                f"two single trains are compared, but one argument holds {len(trains)}: "
                "select one, as in trains[0], or use matrix or batch"
            )


def _check_window(a: SpikeTrains, b: SpikeTrains) -> None:
    if (a.t_start, a.t_stop) != (b.t_start, b.t_stop):
        raise DistanceError(
            "trains of different windows cannot be compared: "
            f"{a.t_start:g} to {a.t_stop:g} ms and {b.t_start:g} to {b.t_stop:g} ms; "
            "cut both to the same by .window(t_start, t_stop)"
        )


def one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    """Return the value of an argument that knows a few words only.

    Raises
    ------
    DistanceError
        For another word.

    Examples
    --------
    >>> one_of("rate", "data", ("data", "model"))
    'data'
    """
    if value not in known:
        words = ", ".join(map(repr, known))
        raise DistanceError(f"{name}={value!r} is neither of {words}{suggest(str(value), known)}")
    return value


def checked_mrts(value: Any) -> float:
    """Return a minimum relevant time scale in ms.

    Raises
    ------
    DistanceError
        If it is negative or not finite.

    Examples
    --------
    >>> checked_mrts("0.1 second")
    100.0
    """
    mrts = float(magnitude(value, "ms", "the minimum relevant time scale"))
    if not 0 <= mrts < np.inf:
        raise DistanceError(f"the minimum relevant time scale must be finite and not negative, not {mrts:g} ms")
    return mrts
