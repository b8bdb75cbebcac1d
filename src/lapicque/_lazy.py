"""Exports that load their module at first access, so that importing a package costs nothing (PEP 562)."""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any

__all__ = ["attach"]


class LazyPackage(ModuleType):
    """A package whose exported names win over its submodules of the same name.

    Python binds a submodule to its package once it is loaded: after ``import lapicque.neurons.lif`` the name
    ``lapicque.neurons.lif`` would mean the file and no longer the neuron in it, depending on who imported what first.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        exports = vars(self)["__getattr__"].exports
        if name in exports and isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}":
            return
        super().__setattr__(name, value)


def attach(
    package: str, exports: Mapping[str, str], submodules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Module-level ``__getattr__``, ``__dir__`` and ``__all__`` of a package whose exports load at first access.

    Parameters
    ----------
    package
        Name of the package, ``__name__`` in its ``__init__.py``.
    exports
        Public name -> submodule that defines it, relative to the package. The submodule may bear the same name.
    submodules
        Submodules that are public themselves.

    Returns
    -------
    tuple
        ``__getattr__`` (its attribute ``exports`` is the mapping above), ``__dir__``, ``__all__``.

    Raises
    ------
    AttributeError
        From the returned ``__getattr__``: a name that the package does not export, with the nearest one that it does.

    Examples
    --------
    A package's ``__init__.py`` is one line a leaf:

    >>> __getattr__, __dir__, __all__ = attach("email", {"Message": "message"}, submodules=["utils"])
    >>> __all__
    ['Message', 'utils']
    >>> __getattr__("Message")
    <class 'email.message.Message'>

    References
    ----------
    .. [1] PEP 562, Module __getattr__ and __dir__, https://peps.python.org/pep-0562
    """
    own = sys.modules[package]
    table = MappingProxyType(dict(exports))
    modules = frozenset(submodules)
    public = sorted({*table, *modules})

    def load(name: str) -> Any:
        if name in table:
            value = getattr(import_module(f"{package}.{table[name]}"), name)
            vars(own)[name] = value
            return value
        if name in modules:
            return import_module(f"{package}.{name}")
        from lapicque.errors import suggest  # here, as few programs ask for what is not there

        raise AttributeError(f"module {package!r} has no attribute {name!r}{suggest(name, public)}")

    def names() -> list[str]:
        return sorted({*public, *(name for name in vars(own) if name.startswith("__"))})

    load.exports = table  # type: ignore[attr-defined]
    if any(name == table[name] for name in table):
        own.__class__ = LazyPackage
    return load, names, public
