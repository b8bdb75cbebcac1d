"""``training.json``: what a training reached and depends on, as plain numbers and texts."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from lapicque.train.training.trained import Trained
from lapicque.versions import versions_of

FORMAT = 1
#: Packages that results depend on.
PACKAGES = ("lapicque", "torch", "numpy", "numba")


def save(trained: Trained, path: str | os.PathLike[str], command: str = "") -> Path:
    """Write the record of a training as JSON.

    Returns
    -------
    Path
        Of the file, which is replaced at once: a reader never sees half of it.
    """
    path = Path(path)
    temporary = path.with_name(path.name + ".writing")
    text = json.dumps(to_dict(trained, command), indent=2, allow_nan=False, ensure_ascii=False)
    temporary.write_text(text + "\n", encoding="utf-8")
    os.replace(temporary, path)
    return path


def to_dict(trained: Trained, command: str = "") -> dict[str, Any]:
    """Return the record of a training, ready for JSON.

    Parameters
    ----------
    trained : Trained
    command : str
        What was typed to get it.
    """
    recipe, last = trained.recipe, trained.history[-1]
    return {
        "format": FORMAT,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": recipe.name,
        "description": recipe.description,
        "reference": recipe.reference,
        "command": command,
        "test_accuracy": last.test_accuracy,
        "test_loss": last.test_loss,
        "settings": settings(trained),
        "epochs_complete": len(trained.history),
        "stopped": trained.stopped,
        "seconds": trained.seconds,
        "train_samples": len(trained.train),
        "test_samples": len(trained.test),
        "parameters": trained.parameters,
        "history": [epoch.to_dict() for epoch in trained.history],
        "versions": versions(),
    }


def settings(trained: Trained) -> dict[str, Any]:
    """Return what was asked for."""
    recipe = trained.recipe
    return {
        "epochs": recipe.epochs,
        "batch": recipe.batch,
        "seed": recipe.seed,
        "samples": trained.samples,
        "threads": torch.get_num_threads(),
        "device": str(trained.device or "cpu"),
    }


def versions() -> dict[str, str]:
    """Return versions of what results depend on, and of Python and the machine."""
    return versions_of(*PACKAGES)
