"""The report of a training: one page that needs nothing else, for every kind of data, with numbers that are right."""

import base64
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

import lapicque as lq
from lapicque import neurons, train
from lapicque.errors import LapicqueError, TrainingError
from lapicque.reports.training import tables
from lapicque.reports.training.figures import _pooled
from lapicque.reports.training.material import gather, picture
from lapicque.train import data

NASTY = "<script>alert('x')</script> & $\\alpha \N{CJK UNIFIED IDEOGRAPH-4E2D}"


class Closed(HTMLParser):
    """The words of a page; that every element is closed."""

    EMPTY = frozenset({"meta", "img", "br", "mspace"})

    def __init__(self, path):
        super().__init__()
        self.html, self.open, words = path.read_text(encoding="utf-8"), [], []
        self.handle_data = lambda text: words.append(text) if self.open[-1:] != ["style"] else None
        self.feed(self.html)
        assert not self.open
        self.text = " ".join(" ".join(words).split())

    def handle_starttag(self, tag, attrs):
        self.open += [] if tag in self.EMPTY else [tag]

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    @property
    def figures(self):
        return re.findall(r'<figure id="([\w-]+)"', self.html)


def images(split):
    draw = torch.Generator().manual_seed({"train": 1, "test": 2}[split])
    label = torch.arange(30) % 3
    x = torch.rand(30, 16, generator=draw)
    x[torch.arange(30), 4 * label] += 1
    return data.Tensors(x, label, f"squares, {split}", ("first", NASTY, "third"))


def of_images():
    cells = [train.Spiking(neurons.lif, n, scale="2 nA", backend="torch") for n in (6, 3)]
    return train.Sequential(
        train.Linear(16, 6), train.Hold(8), cells[0], train.Linear(6, 3), cells[1], return_states=False
    )


def loss_of_rates(values, target, mask=None):
    return ((values.mean((0, 2)) - target) ** 2).mean()


def sequences(split):
    draw = torch.Generator().manual_seed({"train": 3, "test": 4}[split])
    lengths = torch.randint(3, 9, (10,), generator=draw).tolist()
    return [((torch.rand(n, 5, generator=draw) < 0.3).float(), n / 10) for n in lengths]


def of_sequences():
    return train.Sequential(
        train.Recurrent(neurons.lif, 5, scale="2 nA", learn=dict(c_m="neuron"), backend="torch"), train.Linear(5, 1)
    )


PICTURES = train.Recipe(
    NASTY, images, of_images, train.losses.count_cross_entropy(), description=NASTY, reference=NASTY, epochs=2,
    batch=10, clip=1.0,
)  # fmt: skip
SEQUENCES = train.Recipe("sequences", sequences, of_sequences, loss_of_rates, collate=data.padded, epochs=1, batch=4)


@pytest.fixture(scope="module")
def classified(tmp_path_factory):
    """Images in three classes: the training and its page."""
    trained = train.run(PICTURES)
    return trained, lq.report(trained, tmp_path_factory.mktemp("images") / "report.html", command=NASTY)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Sequences of unequal length with a number each: nothing to classify."""
    trained = train.run(SEQUENCES, samples=8)
    return trained, lq.report(trained, tmp_path_factory.mktemp("sequences") / "deep" / "page.html", title="A title")


def test_pages_need_nothing_else(classified, measured):
    for _, path in (classified, measured):
        page = Closed(path)
        sources = re.findall(r'(?:src|href)="([^"]*)', page.html)
        assert sources
        assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
        assert not re.search(r"url\(|@import|<script|<link|<iframe|https?:", page.html)
        assert "default-src 'none'" in page.html
        assert all(re.findall(r'<img [^>]*alt="([^"]+)"', page.html))
        for source in sources:
            ET.fromstring(base64.b64decode(source.partition(",")[2]))
        for formula in re.findall(r"<math.*?</math>", page.html, re.DOTALL):
            ET.fromstring(formula)
        folder = path.with_name(f"{path.stem}-figures")
        assert {p.name for p in folder.iterdir()} == {f"{n}.{kind}" for n in page.figures for kind in ("png", "svg")}


def test_everything_is_escaped(classified):
    page = Closed(classified[1])
    assert page.text.count("<script>alert('x')</script> & $\\alpha") >= 4  # title, description, command, reference
    assert "<script" not in page.html


def test_figures_are_those_of_the_data(classified, measured):
    assert Closed(classified[1]).figures == ["curves", "confusion", "misread", "samples", "fields", "weights"]
    assert Closed(measured[1]).figures == ["curves", "samples", "weights"]


def test_numbers_are_on_the_page(classified):
    trained, path = classified
    text, last = Closed(path).text, trained.history[-1]
    assert f"{100 * last.test_accuracy:.2f} % recognised loss {last.test_loss:.4f}" in text
    assert f"{100 * last.accuracy:.2f} % recognised loss {last.loss:.4f}" in text
    assert "123 numbers learned" in text  # 16*6 + 6 + 6*3 + 3
    assert "30 samples to learn from, 30 to test" in text
    for word in ("CountCrossEntropy(scale=1.0", "Adam(lr=0.001", "clipped to a norm of 1", "Seed 1", "torch 2."):
        assert word in text
    assert "2 of 3 batches of 10 samples" in text
    assert "def of_images():" in text
    assert "an inference" in text
    assert "Neuron lif" in text


def test_a_page_without_classes(measured):
    trained, path = measured
    text = Closed(path).text
    assert "A title" in text
    assert f"{trained.history[-1].test_loss:.4f} loss" in text
    assert "At most 8 samples of each part were taken" in text
    assert "recognised" not in text.partition("How to reproduce it")[0].partition("All epochs")[0]
    assert "membrane capacitance" in text  # what was learned
    assert "lq.train.run(recipe, epochs=1, batch=4, seed=1, samples=8)" in text


def test_confusions_are_counted(classified):
    trained, _ = classified
    material = gather(trained)
    x, label = trained.test.samples.tensors
    with torch.no_grad():
        said = trained.network(x).sum(0).argmax(1)
    expected = np.zeros((3, 3), int)
    for is_, answer in zip(label.tolist(), said.tolist(), strict=True):
        expected[is_, answer] += 1
    np.testing.assert_array_equal(material.confusion, expected)
    assert material.misread_in_all == expected.sum() - np.trace(expected)
    assert [int(row["samples"]) for row in tables.class_rows(material)] == [10, 10, 10]
    for sample in (*material.samples, *material.misread):
        assert sample.target == material.classes[label[sample.number]]
        assert sample.said == material.classes[said[sample.number]]


def test_rasters_are_the_spikes_of_the_layers(classified, measured):
    trained, _ = classified
    sample = gather(trained).samples[1]
    with torch.no_grad():
        x = trained.test.samples[sample.number][0][None]
        hidden = trained.network[:3](x)[:, 0]
        last = trained.network(x)[:, 0]
    assert [raster.name for raster in sample.rasters] == ["layer 2", "layer 4"]
    np.testing.assert_array_equal(sample.rasters[0].values, hidden)
    np.testing.assert_array_equal(sample.rasters[1].values, last)

    trained, _ = measured
    for sample in gather(trained).samples:
        x = trained.test.samples[sample.number][0]
        assert [(r.name, len(r.values), r.spikes) for r in sample.rasters] == [
            ("input", len(x), True), ("layer 0", len(x), True), ("output", len(x), False)
        ]  # fmt: skip
        np.testing.assert_array_equal(sample.rasters[0].values, x)


def test_fields_are_the_weights_as_images(classified):
    trained, _ = classified
    np.testing.assert_array_equal(gather(trained).fields, trained.network[0].weight.detach().numpy().reshape(6, 4, 4))


def test_a_report_changes_nothing(classified):
    trained, _ = classified
    before = {name: value.clone() for name, value in trained.network.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    gather(trained)
    assert torch.equal(torch.rand(2), expected)
    assert all(torch.equal(before[name], value) for name, value in trained.network.state_dict().items())
    assert all(one.grad is None or one.grad.shape == one.shape for one in trained.network.parameters())


def test_networks_without_neurons_say_so():
    def plain():
        return train.Sequential(train.Linear(16, 3), train.Hold(2), return_states=False)

    recipe = PICTURES.with_(network=plain, loss=train.losses.mean_cross_entropy(), epochs=1, name="plain")
    found = gather(train.run(recipe))
    assert found.health == "there is no Spiking or Recurrent layer in Sequential: there is nothing to look at"
    assert found.cost.startswith("there is no Spiking or Recurrent layer in Sequential")
    assert [raster.name for raster in found.samples[0].rasters] == ["output"]


def test_an_interrupted_training_says_so(classified):
    trained = replace(classified[0], stopped="interrupted", recipe=classified[0].recipe.with_(epochs=9))
    assert "The training was interrupted after 2 of 9 epochs." in tables.notices(gather(trained))


@pytest.mark.parametrize(
    ("shape", "in_time", "expected"),
    [
        ((64,), False, (8, 8)), ((7,), False, (1, 7)), ((5, 9), False, (5, 9)), ((1, 4, 6), False, (4, 6)),
        ((2, 4, 6), False, (4, 6)), ((3, 4, 6), False, (4, 6, 3)), ((20, 5), True, (5, 20)), ((20, 3, 4), True, (3, 4)),
        ((20, 2, 3, 4), True, (3, 4)),
    ],
)  # fmt: skip
def test_samples_as_pictures(shape, in_time, expected):
    assert picture(torch.rand(shape), in_time).values.shape == expected


def test_large_matrices_are_means_of_blocks():
    weight = np.arange(1000.0 * 3).reshape(1000, 3)
    pooled = _pooled(weight)
    assert pooled.shape == (160, 3)
    np.testing.assert_allclose(pooled[0], weight[:6].mean(0))
    assert _pooled(weight[:160]).shape == (160, 3)


def test_what_has_no_report(classified, tmp_path):
    reason = "there are reports of a Fit, ParetoFront, Trained and Comparison, and not of dict"
    with pytest.raises(LapicqueError, match=reason):
        lq.report({}, tmp_path / "page.html")
    with pytest.raises(TrainingError, match="is a folder: name the report's file"):
        lq.report(classified[0], tmp_path)
