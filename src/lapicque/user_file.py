"""What users define in files of their own: ``FILE.py:NAME`` on the command line."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from typing import Any

from lapicque.errors import LapicqueError, suggest


def split_name(text: str) -> tuple[str, str]:
    """Return file and name of ``FILE.py:NAME``; no file where the text is a plain name.

    Examples
    --------
    >>> split_name("cells.py:mine"), split_name("cells.py"), split_name("adex")
    (('cells.py', 'mine'), ('cells.py', ''), ('', 'adex'))
    """
    if text.endswith(".py"):
        return text, ""
    path, _, name = text.rpartition(":")
    return (path, name) if path.endswith(".py") else ("", text)


def find_in_file(path: str, name: str, kind: type, what: str, error: type[LapicqueError]) -> Any:
    """Return what a file defines under a name; the only one of its kind where there is no name.

    Parameters
    ----------
    path : of a Python file, which is run
    name : str
    kind : type of what is looked for
    what : what it is called in messages, such as ``"neuron"``
    error : which is raised

    Raises
    ------
    LapicqueError
        If there is no such thing, with the nearest name, or the file cannot be run, with the line.
    """
    found = {n: v for n, v in vars(run_file(Path(path), error)).items() if isinstance(v, kind)}
    if not name and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        missing = f"{path} has no {what} {name!r}{suggest(name, found) or '.'}" if name else f"which {what} of {path}?"
        raise error(f"{missing} It has {', '.join(found) or 'none'}: write {path}:NAME")
    return found[name]


def run_file(path: Path, error: type[LapicqueError]) -> Any:
    """Run a user's file as Python would, its own folder on the path, and return its module."""
    if not path.is_file():
        raise error(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(f"lapicque_user_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as raised:
        line, said = _line_in(path, raised), str(raised)
        if isinstance(raised, SyntaxError):
            line, said = raised.lineno, raised.msg
        sort = "" if isinstance(raised, LapicqueError) else f"{type(raised).__name__}: "
        raise error(f"{path}{f', line {line}' if line else ''}: {sort}{said}") from None
    finally:
        sys.path.remove(folder)
    return module


def _line_in(path: Path, error: BaseException) -> int | None:
    """Return the line of a file where an error came from, the deepest one."""
    steps = traceback.extract_tb(error.__traceback__)
    lines = [step.lineno for step in steps if Path(step.filename).resolve() == path.resolve()]
    return lines[-1] if lines else None
