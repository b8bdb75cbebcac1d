"""The state of a simulation, in memory and in files, which any number of threads can go on from."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.errors import SimulationError
from lapicque.network.network import Network
from lapicque.simulation.arguments import time_of
from lapicque.simulation.identity import differences, identity_of
from lapicque.simulation.storage import checked_path

KIND = "lapicque snapshot"
FORMAT = 1


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A simulation between two steps.

    Attributes
    ----------
    step : how many have been done
    state : name -> array, see `lapicque.compile.network_state`; internal units
    values : what `Simulation.set` has changed besides states, name -> float or array, in the unit of each
    about : version, dt_ms, precision, seed, wiring_seed, trial, schemes
    network : part -> hash, of the network as it was described
    unseen : what operations have not been shown yet, see `lapicque.simulation.acting`
    """

    step: int
    state: Mapping[str, np.ndarray]
    values: Mapping[str, Any]
    about: Mapping[str, Any]
    network: Mapping[str, str]
    unseen: Mapping[str, np.ndarray] = field(default_factory=dict)

    def options(self, network: Any, dt: Any, precision: str | None, method: Any, what: str) -> dict[str, Any]:
        """Return what a simulation must be made with, so that this snapshot goes on in it bit for bit.

        Parameters
        ----------
        network : Network
        dt, precision, method : as asked for; None: as in the snapshot
        what : the snapshot, for an error

        Raises
        ------
        SimulationError
            With what differs, and what to do.
        """
        if not isinstance(network, Network):
            raise SimulationError(f"a Network is simulated, not {type(network).__name__}")
        about = dict(self.about)
        asked = {
            "version": current_version(),
            "dt_ms": about["dt_ms"] if dt is None else time_of("dt", dt),
            "precision": precision or about["precision"],
        }
        for name, (shown, advice) in _ADVICE.items():
            if about[name] != asked[name]:
                found = f"it has {shown} {about[name]}, but {asked[name]} is asked for"
                raise SimulationError(f"{what} cannot be used here: {found}. {advice}")
        changed = differences(self.network, identity_of(network))
        if changed:
            more = f", and {len(changed) - 3} more" if len(changed) > 3 else ""
            raise SimulationError(
                f"{what} belongs to another network: {'; '.join(changed[:3])}{more}. Describe the network as it was "
                "when the snapshot was made; values can be changed afterwards, by sim.set"
            )
        about.pop("version")
        schemes = about.pop("schemes")
        dt = about.pop("dt_ms")
        return {**about, "dt": dt, "method": schemes if method is None else method}

    def save(self, path: Any) -> None:
        """Write a file; one of that name is replaced at once, when the new one is complete.

        Raises
        ------
        SimulationError
            If it cannot be written; an old file is left as it was.
        """
        import h5py

        target = checked_path(path, KIND)
        memory = io.BytesIO()
        with h5py.File(memory, "w") as file:
            about = {**self.about, "schemes": json.dumps(self.about["schemes"])}
            file.attrs.update({"kind": KIND, "format": FORMAT, "step": self.step, **about})
            file.create_dataset("network", data=json.dumps(self.network))
            for group, arrays in (("state", self.state), ("values", self.values), ("unseen", self.unseen)):
                made = file.create_group(group)
                for number, (name, values) in enumerate(arrays.items()):
                    array = np.asarray(values)
                    packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if array.size > 64 else {}
                    made.create_dataset(str(number), data=array, **packed).attrs["name"] = name
        temporary = None
        try:
            handle, temporary = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}.")
            with os.fdopen(handle, "wb") as out:
                out.write(memory.getbuffer())
                out.flush()
                os.fsync(out.fileno())
            os.replace(temporary, target)
        except BaseException as error:
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise SimulationError(
                    f"{os.fspath(target)!r} cannot be written ({error.strerror}): what it was before is unchanged"
                ) from None
            raise

    @classmethod
    def load(cls, path: Any) -> Snapshot:
        """Read a file.

        Raises
        ------
        SimulationError
            If it is no snapshot, damaged, or of another version.
        """
        import h5py

        shown = repr(os.fspath(path))
        if not os.path.exists(path):
            raise SimulationError(f"there is no file {shown}")
        try:
            with h5py.File(path, "r") as file:
                about = dict(file.attrs)
                if about.pop("kind", "") != KIND:
                    raise SimulationError(f"{shown} is no snapshot of a simulation: sim.save(path) writes one")
                if about.pop("format") != FORMAT:
                    raise SimulationError(
                        f"{shown} was written by lapicque {about['version']}, in a form that this version does not "
                        "read: load it with that version"
                    )
                found = {
                    group: {file[group][n].attrs["name"]: file[group][n][()] for n in sorted(file[group], key=int)}
                    for group in ("state", "values", "unseen")
                    if group in file or group != "unseen"  # files of older versions have none
                }
                step, network = int(about.pop("step")), json.loads(file["network"].asstr()[()])
                about["schemes"] = json.loads(about["schemes"])
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            if isinstance(error, SimulationError):
                raise
            raise SimulationError(
                f"{shown} is no snapshot of a simulation, or it is damaged ({type(error).__name__})"
            ) from None
        plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in about.items()}
        values = {name: value if np.ndim(value) else float(value) for name, value in found["values"].items()}
        return cls(step, found["state"], values, plain, network, found.get("unseen", {}))


_ADVICE = {
    "version": ("version", "Load it with the version that wrote it, or run from the beginning: bits may differ"),
    "dt_ms": ("a dt (ms) of", "A run goes on with the time step that it began with: leave out dt="),
    "precision": ("the precision", "A run goes on with the precision that it began with: leave out precision="),
}


def current_version() -> str:
    """Return the version of lapicque."""
    import lapicque

    return lapicque.__version__
