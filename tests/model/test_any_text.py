"""Whatever is typed, it is a model or refused with a ModelError: never another exception."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lapicque import neurons
from lapicque.errors import ModelError
from lapicque.model import Neuron

CHARACTERS = "()[]{}*/+-=<>:;,.#^&|!~ '\"\n0129abvwxtd_"
PARTS = ("equations", "threshold", "reset", "refractory")


@st.composite
def mistyped(draw):
    """A neuron of the catalogue with one or two characters inserted, left out or exchanged."""
    neuron = getattr(neurons, draw(st.sampled_from(neurons.__all__)))
    fields = {part: getattr(neuron, part) for part in PARTS if getattr(neuron, part)}
    for _ in range(draw(st.integers(1, 2))):
        part = draw(st.sampled_from(sorted(fields)))
        text = fields[part]
        at = draw(st.integers(0, len(text) - 1)) if text else 0
        new = draw(st.sampled_from(["", *CHARACTERS]))
        fields[part] = text[:at] + new + text[at + draw(st.integers(0, 1)) :]
    return {**fields, "parameters": neuron.parameters, "initial": neuron.initial}


def refusal(fields):
    """The error with which a model is refused, None if it is accepted; any other exception is let through."""
    try:
        neuron = Neuron(**fields)
    except ModelError as error:
        return error
    assert repr(neuron)
    return None


@settings(max_examples=500)
@given(mistyped())
def test_a_mistyped_model_is_accepted_or_refused(fields):
    error = refusal(fields)
    if error is not None:
        assert str(error).startswith(error.summary)
        assert error.column is None or 0 <= error.column <= len(error.line)


@settings(max_examples=300)
@given(st.text(CHARACTERS, max_size=40))
def test_any_text_is_accepted_or_refused(text):
    for fields in (dict(equations=text), dict(equations="v : 1", threshold=text, reset=text, refractory=text)):
        error = refusal(fields)
        assert error is None or error.summary
