"""e-prop: gradients of a recurrent network that are carried forward in time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lapicque.errors import TrainingError
from lapicque.train.eprop.feedback import Feedback, Symmetric
from lapicque.train.eprop.losses import RateTarget, SquaredError
from lapicque.train.eprop.passing import Carry, Pass
from lapicque.train.eprop.reading import check_optimiser, read_input, read_mask, read_network, read_target
from lapicque.train.eprop.result import Result

BACKENDS = ("auto", "fused", "torch")


class EProp(nn.Module):
    r"""e-prop for a recurrent network of any neurons: gradients without a pass back through time.

    An eligibility trace says how a neuron's spikes depend on a weight through the neuron's own states; the error of the
    readout, which comes back through weights of feedback, says what more spikes would do to the loss. The gradient is
    the sum of their products, so that memory does not grow with time. What is left out is how a spike moves the loss
    through other neurons later on. The recursion of the traces is derived from the neuron's equations
    (`lapicque.model.calculus.Eligibility`), and factorised where it can be: a trace that depends on the source alone is
    kept once for each source.

    Parameters
    ----------
    net : Sequential of Linear, Recurrent or Spiking, Linear, and optionally Spiking
        The last is the readout's neurons: linear equations without a threshold, such as a leaky integrator.
    loss : ``SquaredError()``, ``CrossEntropy()``, or an object like these
        A sum over steps, averaged over samples.
    feedback : ``Symmetric()``, ``Random(seed)``, ``Adaptive(seed, decay)``, or an object like these
    rate : RateTarget, optional
        Penalty for rates that differ from a target.
    average : bool
        Divide the loss by the number of steps that count.
    chunk : int
        How many steps are worked on at once: memory grows with it and not with time; the gradient is the same.
    backend : ``"auto"``, ``"fused"`` or ``"torch"``
        Compiled kernels on the processor, torch operations elsewhere.

    Raises
    ------
    TrainingError
        For a network of another shape, a readout that is no linear filter, and what else cannot be.

    Notes
    -----
    `gradients` leaves gradients in ``.grad`` of the layers' own parameters (weights, biases, what neurons learn),
    for any optimiser of torch. `learn` steps an optimiser during the sequence.

    References
    ----------
    .. [1] Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, doi:10.1038/s41467-020-17236-y

    Examples
    --------
    >>> import torch
    >>> import lapicque as lq
    >>> from lapicque import train
    >>> cell = lq.Neuron(
    ...     "dv/dt = -v/tau_m : 1",
    ...     threshold="v > 1",
    ...     reset="v -= 1",
    ...     refractory="2 ms",
    ...     parameters=dict(tau_m="20 ms"),
    ...     name="cell",
    ... )
    >>> leaky = lq.Neuron("dv/dt = -v/tau_out : 1", parameters=dict(tau_out="20 ms"), name="leaky")
    >>> _ = torch.manual_seed(1)
    >>> net = train.Sequential(
    ...     train.Linear(20, 30, bias=False),
    ...     train.Recurrent(cell, 30, input="v", detach_reset="v", surrogate=train.Triangle()),
    ...     train.Linear(30, 2),
    ...     train.Spiking(leaky, 2, input="v"),
    ... )
    >>> x = (torch.rand(100, 4, 20) < 0.1).float()  # (time, batch, input)
    >>> phase = torch.linspace(0, 6, 100)
    >>> target = torch.stack([phase.sin(), phase.cos()], 1)[:, None]  # (time, 1 for all samples, output)
    >>> learner = train.EProp(net, average=True, backend="torch")
    >>> print(learner.eligibility)
    zbar_v' = _P_0_0*_x_pre + _P_0_0*_zbar_before_v
    e = _psi_spike*_zbar_v
    >>> optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    >>> losses = []
    >>> for _ in range(20):
    ...     optimiser.zero_grad()
    ...     losses.append(learner.gradients(x, target).loss)
    ...     optimiser.step()
    >>> losses[-1] < 0.5 * losses[0]
    True
    """

    kept: Tensor | None
    last: Tensor | None

    def __init__(
        self,
        net: nn.Module,
        *,
        loss: Any = None,
        feedback: Feedback | None = None,
        rate: RateTarget | None = None,
        average: bool = False,
        chunk: int = 100,
        backend: str = "auto",
    ):
        super().__init__()
        self.network = read_network(net)
        self.net = net
        self.loss = SquaredError() if loss is None else loss
        self.feedback: Feedback = Symmetric() if feedback is None else feedback
        self.rate, self.average = rate, average
        if isinstance(chunk, bool) or not isinstance(chunk, int) or chunk < 1:
            raise TrainingError(f"chunk is {chunk!r}, but a positive number of steps is expected")
        if backend not in BACKENDS:
            raise TrainingError(f"backend is {backend!r}, but one of {', '.join(map(repr, BACKENDS))} is expected")
        self.chunk, self.backend = chunk, backend
        self._check_strategies()
        weight = self.network.above.weight.detach()
        self.register_buffer("kept", self.feedback.begin(weight))
        self.register_buffer("last", None if self.kept is None else weight.clone())
        self.passing = Pass(self)
        self.passing.check()

    def _check_strategies(self) -> None:
        for name, value, like, parts in (
            ("loss", self.loss, "SquaredError()", ("check", "part", "__call__")),
            ("feedback", self.feedback, "Symmetric()", ("begin", "follow")),
        ):
            if isinstance(value, type) or not all(callable(getattr(value, part, None)) for part in parts):
                raise TrainingError(f"{name} is {value!r}: an object such as train.eprop.{like} is expected")
        if self.rate is not None and not isinstance(self.rate, RateTarget):
            raise TrainingError(f"rate is {self.rate!r}: train.eprop.RateTarget('10 Hz', strength=...) is expected")

    @property
    def eligibility(self) -> Any:
        """The recursion of the neurons that learn, a `lapicque.model.calculus.Eligibility`."""
        return self.passing.hidden.code(self.passing.coefficients(self.passing.hidden))[0].eligibility

    def forward(self, x: Tensor) -> Any:
        """Return what the network makes of x: ``net(x)``."""
        return self.net(x)

    def gradients(
        self, x: Tensor, target: Tensor, mask: Tensor | None = None, *, state: Carry | None = None, keep: bool = False
    ) -> Result:
        """Add the gradient of the loss to ``.grad`` of the parameters, and return what the network did.

        Parameters
        ----------
        x : (time, batch, input)
        target : as the loss wants it: (time, batch, output), or classes (batch,) or (time, batch)
        mask : (time, batch), optional
            Steps that count, or their weights; where it is 0 the target does not matter.
        state : what the piece before has returned; None starts anew
        keep : whether the result has a state that the next piece goes on from

        Raises
        ------
        TrainingError
            For tensors of the wrong shape.
        """
        return self._run(x, target, mask, state, keep, None, 0)

    def learn(
        self,
        x: Tensor,
        target: Tensor,
        optimiser: torch.optim.Optimizer,
        mask: Tensor | None = None,
        *,
        every: int = 1,
        state: Carry | None = None,
        keep: bool = False,
    ) -> Result:
        """Learn online: step an optimiser every few steps of time, with what these have added to the gradient.

        Parameters
        ----------
        x, target, mask, state, keep : see `gradients`
        optimiser : of torch, over parameters of the network
        every : how many steps of time lie between its steps
        """
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise TrainingError(f"every is {every!r}, but a positive number of steps is expected")
        check_optimiser(optimiser, self.net)
        return self._run(x, target, mask, state, keep, optimiser, every)

    def _run(
        self, x: Any, target: Any, mask: Any, state: Carry | None, keep: bool, optimiser: Any, every: int
    ) -> Result:
        given = read_input(x, self.network)
        mask = read_mask(mask, given)
        outputs = self.network.above.out_features
        self.loss.check(target, given.shape[0], given.shape[1], outputs)
        target = read_target(target, mask, given)
        counted = given.shape[0] if mask is None else float(mask.sum()) / given.shape[1]
        if self.average and not counted:
            raise TrainingError("the mask leaves no step that counts: it is True where one does")
        scale = 1 / (given.shape[1] * (counted if self.average else 1))
        with torch.no_grad():
            return self.passing.run(given, target, mask, state, keep, optimiser, every, scale)
