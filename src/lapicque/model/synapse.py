"""A synapse as a value: variables, code that spikes run, a current into an input of the target. Checked when built."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lapicque.errors import ModelError, suggest
from lapicque.model import synapse_rules
from lapicque.model.distribution import Distribution
from lapicque.model.equations import SYNAPSE, Equation, Expression, parse_equations, parse_expression
from lapicque.model.lazy import event_driven
from lapicque.model.pathway import Every, On, Pathway, parse_pathway
from lapicque.model.synapse_variables import SynapseVariable, find_variables, parameter_value
from lapicque.model.values import is_quantity, plain_value, unit_of, with_unit
from lapicque.units import internal


@dataclass(frozen=True, eq=False, repr=False)
class Synapse:
    r"""A synapse written as equations and code.

    Code and equations read the synapse's own variables, ``x_post`` and ``x_pre`` for the variables of the target and
    source neuron, a bare name for a variable of the target, ``w`` (the weight) and ``output`` (what the source emits:
    1 unless the neuron has ``output=``).

    Parameters
    ----------
    equations : str
        Variables flagged ``(post)`` live once per target neuron: an exponential conductance is one number per neuron,
        not one per synapse. ``name = expression : unit (summed)`` is summed over the synapses of a target in every
        step. ``w : nS (weight)`` declares the unit of the weight. Other parameters are per synapse.
    on_pre, on_post : str, optional
        What a spike of the source (target) runs when it arrives. Variables of the synapse that code writes, or that
        have a differential equation without ``(post)``, are states of every single synapse: what it learns.
    on : mapping of str to On, Every or str, optional
        Further pathways by name.
    output : str, optional
        What the synapse adds to the input of the target that ``connect(..., into=)`` names; by default the variable
        flagged ``(summed)``, if there is one.
    parameters, initial : mapping of str to quantity
        As of a `lapicque.Neuron`. States of single synapses begin at 0 unless ``initial=`` or ``connect(..., x=)`` says
        otherwise; the weight is given by ``connect(..., w=)``.
    bounds : mapping of str to (low, high)
        Between which a state of single synapses stays: whatever is written is clipped. Quantities, names of parameters,
        or None where a side is open.
    reference, name : str

    Raises
    ------
    ModelError, UnitError
        If the text cannot mean anything, with the line, a caret and what to write instead.

    Examples
    --------
    >>> ampa = Synapse(
    ...     "dg/dt = -g/tau : nS (post)",
    ...     on_pre="g += w",
    ...     output="g*(e - v_post)",
    ...     parameters=dict(tau="5 ms", e="0 mV"),
    ...     name="ampa",
    ... )
    >>> {name: variable.scope for name, variable in ampa.variables.items()}
    {'g': 'post', 'tau': 'post', 'e': 'post', 'w': 'synapse'}
    >>> ampa.with_(tau="2 ms").parameters["tau"]
    '2 ms'

    A synapse that learns: its traces and its weight are states.

    >>> stdp = Synapse(
    ...     "dx/dt = -x/tau : 1; dy/dt = -y/tau : 1".replace("; ", chr(10)),
    ...     on_pre="x += 1; w -= 0.0105*y; v_post += w*mV",
    ...     on_post="y += 1; w += 0.01*x",
    ...     bounds=dict(w=(0, 1)),
    ...     parameters=dict(tau="20 ms"),
    ... )
    >>> list(stdp.learned), stdp.event_driven
    (['x', 'y', 'w'], ('x', 'y'))
    """

    equations: str = ""
    on_pre: str | None = None
    on_post: str | None = None
    on: Mapping[str, On | Every | str] = dataclasses.field(default_factory=dict)
    output: str | None = None
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    initial: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    bounds: Mapping[str, tuple[Any, Any]] = dataclasses.field(default_factory=dict)
    reference: str = ""
    name: str = "synapse"

    def __post_init__(self) -> None:
        for text in ("equations", "on_pre", "on_post", "output"):
            value = getattr(self, text)
            if not isinstance(value, str) and (value is not None or text == "equations"):
                raise ModelError(f"{text} is a text, not {type(value).__name__}")
        for table in ("on", "parameters", "initial", "bounds"):
            value = getattr(self, table)
            if not isinstance(value, Mapping):
                raise ModelError(f"{table} maps names to values, {table}=dict(...): {type(value).__name__} does not")
            object.__setattr__(self, table, dict(value))
        synapse_rules.check_synapse(self)

    # -- what the text says ------------------------------------------------------------------------------------------

    @cached_property
    def parsed_equations(self) -> tuple[Equation, ...]:
        """The equations, in the order of the text."""
        return parse_equations(self.equations, SYNAPSE)

    @cached_property
    def pathways(self) -> tuple[Pathway, ...]:
        """What spikes run: ``pre`` first, then ``post``, then the named pathways in the order given."""
        given: dict[str, On | Every | str] = {}
        for name, code in (("pre", self.on_pre), ("post", self.on_post)):
            if code is not None and name in self.on:
                raise ModelError(f"the pathway {name!r} is given twice: by on_{name}= and in on=")
            if (written := code if code is not None else self.on.get(name)) is not None:
                given[name] = written
        given |= {name: code for name, code in self.on.items() if name not in given}
        return tuple(parse_pathway(name, code) for name, code in given.items())

    @cached_property
    def parsed_output(self) -> Expression | None:
        """What is added to the input of the target, or None."""
        if self.output is not None:
            return parse_expression(self.output, "output")
        summed = [e.name for e in self.parsed_equations if "summed" in e.flags]
        if len(summed) > 1:
            names = ", ".join(map(repr, summed))
            raise ModelError(f"{names} are (summed): say by output= what goes into the target, output={summed[0]!r}")
        return parse_expression(summed[0], "output") if summed else None

    @cached_property
    def variables(self) -> Mapping[str, SynapseVariable]:
        """Every name of the synapse: those of the equations, then of ``parameters=``, and the weight if it is read."""
        return find_variables(self)

    @cached_property
    def post_equations(self) -> tuple[Equation, ...]:
        """The equations of what lives once per target neuron; sums over synapses and parameters are not among them."""
        found = self.variables
        return tuple(e for e in self.parsed_equations if found[e.name].scope == "post" and e.kind != "parameter")

    def of_scope(self, scope: str, kind: str | None = None) -> Mapping[str, SynapseVariable]:
        """Return the variables of one scope, if wanted of one kind."""
        return {n: v for n, v in self.variables.items() if v.scope == scope and kind in (None, v.kind)}

    @cached_property
    def learned(self) -> Mapping[str, SynapseVariable]:
        """The states of every single synapse."""
        return self.of_scope("synapse", "state")

    @cached_property
    def event_driven(self) -> tuple[str, ...]:
        """The states of single synapses that are solved exactly between the events that touch them."""
        return event_driven(self)

    @cached_property
    def clock_driven(self) -> tuple[str, ...]:
        """The states of single synapses that are advanced in every step."""
        moving = [n for n, v in self.learned.items() if v.equation is not None and v.equation.expression is not None]
        return tuple(name for name in moving if name not in self.event_driven)

    @property
    def has_receptor(self) -> bool:
        """Whether something of the synapse lives in the target: a variable (post), a sum, a current into an input."""
        alive = any(
            v.scope == "summed" or (v.scope == "post" and v.kind != "parameter") for v in self.variables.values()
        )
        return alive or self.parsed_output is not None

    # -- new values --------------------------------------------------------------------------------------------------

    def with_(self, **changes: Any) -> Synapse:
        """Return a new synapse with other parameter values, or other fields (``name=``, ``on_pre=``, ``initial=`` ...).

        Parameters that a new text no longer reads go with the old one.

        Raises
        ------
        ModelError
            For a name that is neither a parameter nor a field, with the nearest one.
        """
        fields = {f.name for f in dataclasses.fields(self)}
        known = {n: v for n, v in self.variables.items() if v.kind == "parameter" or n in self.parameters}
        parameters, replaced = dict(self.parameters), {}
        for name, value in changes.items():
            if name in known:
                unit = known[name].unit
                if unit is not None:
                    parameter_value(value, unit, f"the parameter {name!r}")
                    value = value if isinstance(value, Distribution) else with_unit(value, unit)
                parameters[name] = value
            elif name in fields:
                replaced[name] = value
            else:
                raise ModelError(f"{name!r} is no parameter of the synapse{suggest(name, known)}")
        if "parameters" not in replaced:
            unread = set(synapse_rules.unused_parameters(self._unchecked(parameters=parameters, **replaced)))
            kept = {name: value for name, value in parameters.items() if name not in unread - set(changes)}
            replaced["parameters"] = kept
        return dataclasses.replace(self, **replaced)

    def onto(self, transmission: Synapse) -> Synapse:
        """Return the synapse that learns as this one does, and acts on its target as another one.

        Variables and pathways of both are kept; the weight is one. A spike first acts with the weight that it finds,
        and is learned from afterwards.

        Raises
        ------
        ModelError, UnitError
            If both call something alike, both have an output, or their weights have different dimensions.

        Examples
        --------
        >>> hebb = Synapse("w : nS", on_post="w += 0.01*x_pre*nS", name="hebb")
        >>> ampa = Synapse(
        ...     "dg/dt = -g/tau : nS (post)",
        ...     on_pre="g += w",
        ...     output="g*(0*mV - v_post)",
        ...     parameters=dict(tau="5 ms"),
        ...     name="ampa",
        ... )
        >>> hebb.onto(ampa).name
        'hebb_ampa'
        """
        from lapicque.model.combine import combined

        return combined(self, transmission)

    def _unchecked(self, **fields: Any) -> Synapse:
        made = object.__new__(Synapse)
        for field in dataclasses.fields(self):
            object.__setattr__(made, field.name, fields.get(field.name, getattr(self, field.name)))
        return made

    # -- identity ----------------------------------------------------------------------------------------------------

    @cached_property
    def structure(self) -> str:
        """The text that determines the compiled code: equations, code and output, not the values of parameters."""
        lines = []
        for v in self.variables.values():
            expression = v.equation.expression if v.equation else None
            text = ast.unparse(expression.tree) if expression else ""
            kind = v.equation.kind if v.equation else "parameter"
            unit = v.unit.dimension if v.unit else ""
            lines.append(f"{kind} {v.kind} {v.scope} {v.name} = {text} : {unit} ({','.join(sorted(v.flags))})")
        for pathway in self.pathways:
            code = "; ".join(f"{s.target} {s.operator} {ast.unparse(s.expression.tree)}" for s in pathway.statements)
            over = "".join(f"; {reduction.name} {reduction}" for reduction in pathway.reductions)
            at = f"{pathway.at}.{pathway.event} {pathway.delay} {pathway.interval}"
            lines.append(f"on {pathway.name} {at}: {code}{over}")
        if self.parsed_output is not None:
            lines.append(f"output {ast.unparse(self.parsed_output.tree)}")
        for name, pair in self.bounds.items():
            ends = ("open" if end is None else end if end in self.variables else "number" for end in pair)
            lines.append(f"bounds {name} {' '.join(ends)}")
        return "\n".join(lines)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of `structure`."""
        return hashlib.blake2b(self.structure.encode(), digest_size=16).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Synapse) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @cached_property
    def _identity(self) -> tuple[Any, ...]:
        values: list[tuple[Any, ...]] = []
        for v in self.variables.values():
            if isinstance(v.value, Distribution):
                values.append((v.name, v.value))
            elif v.value is not None:
                array = np.asarray(internal(v.value, v.unit) if v.unit else v.value)
                values.append((v.name, array.shape, array.tobytes()))
        for name, pair in self.bounds.items():
            numbers = [end for end in pair if end is not None and not (isinstance(end, str) and end in self.variables)]
            values += [(f"bound of {name}", *self._known(name, end)) for end in numbers]
        values += [(f"initial {name}", *self._known(name, given)) for name, given in sorted(self.initial.items())]
        return self.structure, tuple(values)

    def _known(self, name: str, given: Any) -> tuple[Any, ...]:
        """Return what tells a value of a variable from another one: its numbers, or what is no number as it is."""
        if isinstance(given, Distribution) or not is_quantity(given, self.variables):
            return (given,)
        unit = self.variables[name].unit or unit_of(given)
        array = np.asarray(internal(plain_value(given, unit, name), unit), np.float64)
        return array.shape, array.tobytes(), unit.dimension

    def __repr__(self) -> str:
        from lapicque.model.render_synapse import synapse_to_text

        return synapse_to_text(self)

    def _repr_markdown_(self) -> str:
        from lapicque.model.render_synapse import synapse_to_markdown

        return synapse_to_markdown(self)
