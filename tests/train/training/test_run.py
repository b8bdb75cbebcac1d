"""Trainings: what follows from a seed, resume, interrupts, numbers that are none."""

import io
import random
import signal
import sys

import numpy as np
import pytest
import torch

from lapicque import neurons, progress, train
from lapicque.errors import LapicqueNotice, TrainingError
from lapicque.train.training.checkpoint import Checkpoint
from lapicque.train.training.session import Session


def weights(trained):
    return trained.network.state_dict()


def results(trained):
    """All that a training found but its times."""
    return [{name: value for name, value in epoch.to_dict().items() if name != "seconds"} for epoch in trained.history]


def alike(a, b):
    first, second = weights(a), weights(b)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert results(a) == results(b)


@pytest.fixture
def stop(monkeypatch):
    """Interrupt a training once, in a batch that is counted from 1 over all epochs."""

    def at(batch, how=lambda: signal.raise_signal(signal.SIGINT)):
        step, count = Session._step, iter(range(1, 10_000))

        def stopping(self, given):
            if next(count) == batch:
                how()
            return step(self, given)

        monkeypatch.setattr(Session, "_step", stopping)

    return at


# -- what is learned --------------------------------------------------------------------------------------------------


def test_a_network_learns(tiny):
    found = train.run(tiny(epochs=8, augment=None, encode=lambda x, generator: x.expand(6, *x.shape)))
    assert found.accuracy > 0.85
    assert found.history[-1].loss < 0.8 * found.history[0].loss
    assert [epoch.number for epoch in found.history] == list(range(1, 9))
    assert not found.network.training


def test_the_last_test_can_be_repeated(tiny):
    found = train.run(tiny())
    again = found.tested()
    assert (again.loss, again.accuracy) == (found.history[-1].test_loss, found.history[-1].test_accuracy)
    assert torch.equal(again.target, found.test.samples.tensors[1])


def test_results_are_those_of_a_plain_loop(tiny):
    """Without anything random but the weights, and all samples in one batch, the order does not matter."""

    def plain():
        cells = train.Spiking(neurons.lif, 5, scale="2 nA", backend="torch")
        return train.Sequential(
            train.Linear(6, 5), train.Hold(10), cells, train.Linear(5, 2), return_states=False
        ).double()

    def doubles(split):
        x, label = tiny().data(split).tensors
        return torch.utils.data.TensorDataset(x.double(), label)

    def descent(network):
        return torch.optim.SGD(network.parameters(), 0.3)

    loss = train.losses.mean_cross_entropy()
    recipe = tiny(
        data=doubles, network=plain, encode=None, augment=None, schedule=None, optimiser=descent, batch=24, clip=0.1
    )
    begun = train.run(recipe.with_(optimiser=lambda network: torch.optim.SGD(network.parameters(), 0.0)), epochs=1)
    found = train.run(recipe, epochs=2)

    network = begun.network.train()
    x, label = doubles("train").tensors
    for epoch in found.history:
        value = loss(network(x), label)
        assert epoch.loss == pytest.approx(value.item(), rel=1e-12)
        gradients = torch.autograd.grad(value, list(network.parameters()))
        norm = torch.sqrt(sum((g**2).sum() for g in gradients))
        with torch.no_grad():
            for parameter, gradient in zip(network.parameters(), gradients, strict=True):
                parameter -= 0.3 * gradient * min(1.0, 0.1 / (norm + 1e-6))
        x_test, label_test = doubles("test").tensors
        with torch.no_grad():
            values = network(x_test)
        assert epoch.test_loss == pytest.approx(loss(values, label_test).item(), rel=1e-12)
        assert epoch.test_accuracy == (values.mean(0).argmax(1) == label_test).double().mean()
    for name, value in network.state_dict().items():
        torch.testing.assert_close(found.network.state_dict()[name], value, rtol=1e-9, atol=1e-12)


def test_losses_are_means_over_samples_where_targets_are_trains(tiny):
    """Batches of 7 of 24 samples, the last of 3: each sample counts once, whichever axis of the target is time."""

    def trains(split):
        draw = torch.Generator().manual_seed(5)
        return torch.utils.data.TensorDataset(torch.rand(24, 6, generator=draw), torch.rand(24, 4, 1, generator=draw))

    def time_first(pairs):
        x, target = zip(*pairs, strict=True)
        return torch.stack(x), torch.stack(target, 1)

    def plain():
        return train.Sequential(train.Linear(6, 1), train.Hold(4), return_states=False)

    def squares(values, target, mask=None):
        return (values - target).square().mean()

    recipe = tiny(
        data=trains, network=plain, loss=squares, collate=time_first, encode=None, augment=None, schedule=None,
        optimiser=lambda network: torch.optim.SGD(network.parameters(), 0.0),
    )  # fmt: skip
    found = train.run(recipe, epochs=1)
    x, target = time_first([trains("test")[n] for n in range(24)])
    expected = pytest.approx(squares(found.network(x), target).item(), rel=1e-5)
    assert (found.history[0].loss, found.history[0].test_loss) == (expected, expected)
    assert (found.accuracy, len(found.tested().target)) == (None, 24)


def test_silent_neurons_and_rates_are_told(tiny):
    def quiet():
        made = train.Sequential(
            train.Linear(6, 4), train.Spiking(neurons.lif, 4, scale="2 nA", backend="torch"), train.Linear(4, 2)
        )
        with torch.no_grad():
            made[0].weight.fill_(1)
            made[0].bias.copy_(torch.tensor([0.0, -1e3, -1e3, -1e3]))
        return made

    (epoch,) = train.run(tiny(network=quiet), epochs=1).history
    assert epoch.silent == {"1": (3, 4)}
    assert epoch.rates["1"] > 0
    assert str(epoch).endswith("s; silent: 1 3 of 4")


def test_penalties_act_on_the_layers_they_name(tiny):
    recipe = tiny(epochs=4, penalties={"3": (30, _spikes)})
    free, held = train.run(tiny(epochs=4)), train.run(recipe)
    assert held.history[-1].rates["3"] < 0.5 * free.history[-1].rates["3"]
    with pytest.raises(TrainingError, match=r"the network has no layer 'thre': it has 0, 1, 2, 3"):
        train.run(tiny(penalties={"thre": _spikes}), epochs=1)


def _spikes(spikes, mask=None):
    return spikes.mean()


def test_ragged_sequences_are_masked(sequences):
    seen = []

    class Loss(type(sequences.loss)):
        def __call__(self, values, target, mask=None):
            seen.append((values.shape[:2], mask))
            return super().__call__(values, target, mask)

    found = train.run(sequences.with_(loss=Loss()), epochs=2)
    assert found.history[-1].test_accuracy is not None
    assert all(mask is not None and mask.shape == shape for shape, mask in seen)
    assert any(not mask.all() for _, mask in seen)


def test_a_loss_without_classes_has_no_accuracy(tiny):
    def loss(values, target, mask=None):
        return ((values.mean(0)[:, 0] - target) ** 2).mean()

    found = train.run(tiny(loss=loss), epochs=2)
    assert found.accuracy is None
    assert found.history[0].accuracy is None
    assert "recognised" not in repr(found)


# -- seeds ------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_network(tiny):
    alike(train.run(tiny(), seed=3), train.run(tiny(), seed=3, progress=False))
    assert results(train.run(tiny(), seed=4)) != results(train.run(tiny(), seed=3))


def test_what_is_shown_changes_nothing(tiny, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    plain = train.run(tiny(), progress=False)
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", screen)
    shown = train.run(tiny(), on_epoch=lambda epoch: torch.rand(3))
    assert "epoch 3: loss" in screen.getvalue()
    alike(plain, shown)


def test_random_numbers_of_the_caller_are_left_alone(tiny):
    def drawn():
        return torch.rand(1).item(), np.random.random(), random.random()  # noqa: NPY002

    def seeded():
        torch.manual_seed(5)
        np.random.seed(5)  # noqa: NPY002
        random.seed(5)

    seeded()
    expected = drawn()
    seeded()
    first = train.run(tiny(), epochs=1)
    assert drawn() == expected
    alike(first, train.run(tiny(), epochs=1))  # and they do not matter


def test_a_part_of_the_samples(tiny):
    found = train.run(tiny(), samples=10, epochs=1)
    assert (len(found.train), len(found.test)) == (10, 10)
    assert len({int(label) for label in found.tested().target}) == 2  # at random, not the first ones
    assert len(train.run(tiny(), samples=1000, epochs=1).train) == 24


# -- resume -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["images", "sequences"])
@pytest.mark.parametrize("batch", [5, 8, 12])  # the first of epoch 2, the last of epoch 2, the last but one
def test_a_resumed_training_is_the_uninterrupted_one(tiny, sequences, tmp_path, stop, kind, batch):
    recipe = tiny(epochs=4) if kind == "images" else sequences.with_(epochs=4, batch=3)
    whole = train.run(recipe)
    stop(batch)
    part = train.run(recipe, out=tmp_path)
    assert part.stopped == "interrupted"
    assert len(part.history) == (batch - 1) // 4 >= 1
    random.seed(batch)
    torch.manual_seed(batch)
    alike(train.run(recipe, out=tmp_path, resume=True), whole)


def test_an_interrupt_goes_back_to_the_last_epoch(tiny, stop, tmp_path):
    one = train.run(tiny(schedule=None), epochs=1)
    stop(7)
    found = train.run(tiny(schedule=None), out=tmp_path)
    assert (found.stopped, found.checkpoint) == ("interrupted", tmp_path / "checkpoint.pt")
    alike(found, one)
    assert found.checkpoint.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_nothing_is_kept_of_an_interrupted_first_epoch(tiny, stop, tmp_path):
    stop(2)
    with pytest.raises(KeyboardInterrupt):
        train.run(tiny(), out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_writing_keeps_the_file(tiny, tmp_path, monkeypatch):
    train.run(tiny(schedule=None), epochs=1, out=tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    write = torch.save

    def interrupted(state, path):
        write(state, path)
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", interrupted)
    found = train.run(tiny(schedule=None), out=tmp_path, resume=True, epochs=3)
    assert (found.stopped, len(found.history)) == ("interrupted", 1)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_settings_come_from_the_checkpoint(tiny, stop, tmp_path):
    stop(8)
    train.run(tiny(), out=tmp_path, seed=9, epochs=4, batch=9, samples=20)
    found = train.run(tiny(), out=tmp_path, resume=True)
    assert (found.recipe.seed, found.recipe.epochs, found.recipe.batch, found.samples) == (9, 4, 9, 20)
    assert (len(found.history), found.stopped) == (4, "done")
    alike(found, train.run(tiny(), seed=9, epochs=4, batch=9, samples=20))


def test_what_is_complete_is_read_back(tiny, tmp_path, stop):
    found = train.run(tiny(), out=tmp_path)
    stop(1)  # nothing is trained
    again = train.run(tiny(), out=tmp_path, resume=True)
    alike(found, again)
    assert again.stopped == "done"


def test_epochs_are_added_where_rates_have_no_schedule(tiny, tmp_path):
    train.run(tiny(schedule=None), out=tmp_path, epochs=1)
    found = train.run(tiny(schedule=None), out=tmp_path, resume=True, epochs=3)
    alike(found, train.run(tiny(schedule=None), epochs=3))
    with pytest.raises(TrainingError, match=r"checkpoint.pt cannot be resumed with epochs=2: 3 are complete"):
        train.run(tiny(schedule=None), out=tmp_path, resume=True, epochs=2)


def test_nothing_to_resume_is_told(tiny, tmp_path):
    with pytest.warns(LapicqueNotice, match="there is no training to resume in .*: a new one begins"):
        found = train.run(tiny(), out=tmp_path / "new", resume=True, epochs=1)
    assert found.checkpoint.exists()


# -- numbers that are none --------------------------------------------------------------------------------------------


def test_a_loss_that_is_no_number_stops(tiny, tmp_path):
    calls = iter(range(1, 100))  # 4 batches, 3 of the test, 2 more

    def loss(values, target, mask=None):
        return values.sum() * (float("nan") if next(calls) == 4 + 3 + 2 else 0.0)

    with pytest.raises(TrainingError, match=r"epoch 2, batch 2 of 4: the loss is nan: .*\.pt holds what epoch 1 had"):
        train.run(tiny(loss=loss), out=tmp_path)
    kept = Checkpoint(tmp_path).load()
    assert len(kept.history) == 1
    assert all(torch.isfinite(value).all() for value in kept.states["network"].values())


def test_weights_that_explode_stop(tiny, tmp_path):
    def wild(network):
        return torch.optim.SGD(network.parameters(), 1e38)

    with pytest.raises(
        TrainingError, match=r"(epoch 1, batch \d of 4|testing after epoch 1): .* No epoch was complete"
    ):
        train.run(tiny(optimiser=wild, schedule=None), out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_test_that_is_no_number_is_not_saved(tiny):
    def loss(values, target, mask=None):
        return values.sum() * (0.0 if torch.is_grad_enabled() else float("inf"))

    with pytest.raises(
        TrainingError, match=r"testing after epoch 1: the loss is (nan|inf|-inf)\. No epoch was complete"
    ):
        train.run(tiny(loss=loss))


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(network=lambda: 3), r"recipe 'tiny': network\(\) is int, but a torch.nn.Module is expected"),
        (dict(loss=lambda values, target, mask=None: 3), "epoch 1, batch 1 of 4: .* the loss gives int, but a tensor"),
        (
            dict(loss=lambda values, target, mask=None: values),
            r"the loss gives shape \(6, 7, 2\)",
        ),
        (dict(network=torch.nn.Flatten), "the network has nothing to learn"),
        (dict(data=lambda split: 3), r"data\('train'\) is int, but a set with a length and items"),
        (dict(data=lambda split: []), r"data\('train'\) has no samples"),
        (dict(data=lambda split: [(torch.ones(3), 0, 1)] * 3), "a batch of .* is list of 3, but samples are pairs"),
        (dict(data=lambda split: [("text", 0)] * 3), "x of data is (list|tuple), but a tensor is expected"),
        (
            dict(data=lambda split: [(torch.ones(n, 6), 0) for n in (3, 4, 5)]),
            "differ in shape: collate=lapicque.train",
        ),
        (dict(encode=lambda x, generator: None), "x of encode is NoneType, but a tensor is expected"),
        (dict(augment=lambda x, generator: 1), "x of augment is int, but a tensor is expected"),
    ],
)
def test_recipes_that_cannot_be_run(tiny, changes, message):
    with pytest.raises(TrainingError, match=message):
        train.run(tiny(**changes))


def test_arguments_that_cannot_be(tiny, tmp_path):
    for given, message in [
        (dict(resume=True), "resume=True needs out="),
        (dict(tensorboard=True), "tensorboard=True needs out="),
        (dict(samples=0), "samples=0: an integer of at least 1"),
        (dict(epochs=0), "recipe 'tiny': epochs=0: an integer of at least 1"),
        (dict(seed=-1), "seed=-1"),
        (dict(folder=tmp_path), "recipe 'tiny' reads no files: leave out the folder"),
    ]:
        with pytest.raises(TrainingError, match=message):
            train.run(tiny(), **given)
    with pytest.raises(TrainingError, match="a Recipe is expected, and not str"):
        train.run("digits")
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="file is a file: name a folder"):
        train.run(tiny(), out=tmp_path / "file")


def test_folders_are_handed_on(tiny, tmp_path):
    asked = []

    def data(split, folder=None):
        asked.append((split, folder))
        return tiny().data(split)

    train.run(tiny(data=data), folder=str(tmp_path), epochs=1)
    assert asked == [("train", tmp_path), ("test", tmp_path)]


def test_tensorboard_that_is_not_installed(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("lapicque.train.training.tensorboard.find_spec", lambda name: None)
    with pytest.raises(TrainingError, match="TensorBoard is not installed: pip install tensorboard"):
        train.run(tiny(), out=tmp_path, tensorboard=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            dict(optimiser=lambda network: None, schedule=None),
            r"optimiser\(network\) is NoneType, but a torch.optim.Optimizer",
        ),
        (dict(optimiser=lambda network: torch.optim.LBFGS(network.parameters())), "LBFGS runs the network several"),
        (
            dict(schedule=lambda optimiser, steps: torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser)),
            "ReduceLROnPlateau waits for a loss",
        ),
        (dict(penalties={"3": lambda spikes, mask: spikes}), "the penalty of layer '3' gives shape .* one number"),
        (dict(loss=lambda values, target, mask=None: values.detach().mean()), "the loss has no gradient"),
    ],
)
def test_what_cannot_be_stepped_is_refused(tiny, changes, message):
    with pytest.raises(TrainingError, match=message):
        train.run(tiny(**changes))


def test_a_network_that_was_made_before_is_refused(tiny):
    """Its first weights would not follow from the seed, and a second training would begin where the first has ended."""
    made = tiny().network()
    with pytest.raises(TrainingError, match="the same network again, with what it has learned: make it inside"):
        train.run(tiny(network=lambda: made))


def looped(model, size, stateful, **options):
    return train.Loop(train.Spiking(model, size, **options), lambda x, spikes: x + spikes, stateful=stateful)


@pytest.mark.parametrize("kind", [train.Spiking, train.Recurrent, looped])
def test_layers_that_keep_their_state_are_refused(tiny, kind):
    def carried():
        cells = kind(neurons.lif, 5, scale="2 nA", backend="torch", stateful=True)
        return train.Sequential(train.Linear(6, 5), cells, train.Linear(5, 2), return_states=False)

    with pytest.raises(TrainingError, match="recipe 'tiny': layer '1' is stateful, so that a batch would begin where"):
        train.run(tiny(network=carried))
