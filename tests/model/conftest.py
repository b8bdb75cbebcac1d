"""A right model, and a check that a wrong one is refused with the very message, under the very character."""

import pytest

from lapicque.model import Event, Every, Neuron, On

RIGHT = dict(
    equations="""\
dv/dt = (g_l*(e_l - v) - w + i_ext)/c_m : mV (unless refractory)
dw/dt = (a*(v - e_l) - w)/tau_w : pA
i_ext : pA (input)
tau_w : ms""",
    threshold="v > v_th",
    reset="v = v_reset; w += b",
    refractory="t_ref",
    parameters=dict(
        g_l="10 nS", e_l="-70 mV", c_m="200 pF", a="2 nS", tau_w="100 ms", v_th="-50 mV", v_reset="-60 mV", b="60 pA",
        t_ref="2 ms",
    ),
)  # fmt: skip


def place_of_mark(text):
    """Line (stripped) and column of the mark « in a text."""
    (line,) = [line.strip() for line in text.splitlines() if "«" in line]
    return line.replace("«", "").strip(), line.index("«")


def without_marks(value):
    """The value with every mark « removed, and the texts that had one."""
    if isinstance(value, str):
        return value.replace("«", ""), [value] if "«" in value else []
    if isinstance(value, (Event, On, Every)):
        cleaned, marked = without_marks(vars(value))
        return type(value)(**cleaned), marked
    if isinstance(value, dict):
        pairs = {key: without_marks(inner) for key, inner in value.items()}
        return {key: inner for key, (inner, _) in pairs.items()}, [m for _, marked in pairs.values() for m in marked]
    return value, []


@pytest.fixture
def refuses():
    """Check that a model is refused with ``message``; « stands in its text where the caret is expected."""

    def check(model, message, kind, make=Neuron):
        cleaned, marked = without_marks(model)
        with pytest.raises(kind) as found:
            make(**cleaned)
        error = found.value
        assert type(error) is kind
        assert error.summary == message
        assert (error.line, error.column) == (place_of_mark(marked[0]) if marked else (None, None))
        shown = str(error).splitlines()
        assert shown[0] == message
        if marked:
            assert shown[-2].strip() == error.line
            assert shown[-1] == " " * (4 + error.column) + "^"

    return check


@pytest.fixture
def changed():
    """The right model with changes: ``equations`` as (old, new), ``parameters`` merged (None removes one)."""

    def change(changes):
        model = {**RIGHT, **changes}
        if isinstance(changes.get("equations"), tuple):
            old, new = changes["equations"]
            assert old in RIGHT["equations"]
            model["equations"] = RIGHT["equations"].replace(old, new)
        if isinstance(changes.get("parameters"), dict):
            merged = {**RIGHT["parameters"], **changes["parameters"]}
            model["parameters"] = {name: value for name, value in merged.items() if value is not None}
        return model

    return change
