"""The Train page without a browser: the film's numbers, the tabs below it, settings there and back."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore import datasets, exporting
from cnncore.architecture import ConvBlock
from cnncore.network import Architecture
from cnncore.training import TrainConfig, Trainer
from cnncore.weight_story import tell_next_step
from pages.ui import runner, train_controls, train_session, train_weight
from pages.ui.run_view import RunView
from pages.ui.train_handmade import verdict
from pages.ui.train_settings import config_of, values_of
from pages.ui.words import number
from tests.pages.conftest import sentences

PAGE = "pages/7_Train.py"
SMALL = TrainConfig(architecture=Architecture((ConvBlock(4, pool="max"),)), epochs=2, batch_size=64, seed=5)


def film(app: AppTest) -> dict[str, Any]:
    """What the film was given: the feed carries its message within its own."""
    for element in app.get("bidi_component"):
        outer = element.proto.bytes
        if b'"message"' in outer[:200]:
            inner = outer[4 + int.from_bytes(outer[:4], "little") :]
            return dict(json.loads(inner[4 : 4 + int.from_bytes(inner[:4], "little")]))
    raise AssertionError("there is no film on the page")


@pytest.fixture
def run() -> Iterator[str]:
    """A run of another session that has come to its end; its token is all that one needs."""
    engine = runner.engine()
    token = engine.start("another session", SMALL)
    deadline = time.monotonic() + 60
    while (view := engine.view(token)) is not None and view.status != "finished" and time.monotonic() < deadline:
        time.sleep(0.02)
    yield token
    engine.remove(token)


def test_opens_cold_with_a_network_that_has_not_learned_yet(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE)
    assert sentences(app) == ""
    shown, trainer = film(app), Trainer(TrainConfig())
    assert shown["player"]["status"] == "ready"
    assert shown["player"]["total"] == trainer.total_steps
    assert shown["confusion"]["accuracy"] == pytest.approx(trainer.evaluate("validation").accuracy)
    assert 13 <= trainer.total_steps / shown["player"]["pace"] <= 17  # the film lasts some 15 seconds
    network = next(block.body for block in app.get("html") if 'class="net"' in block.body)
    assert f"{trainer.network.parameter_count:,} parameters" in network


def test_settings_and_config_say_the_same() -> None:
    blocks = (
        ConvBlock(3, 5, stride=2, padding="valid", activation="tanh", pool="average", batch_norm=True),
        ConvBlock(7, dropout=0.25),
    )
    config = TrainConfig(
        architecture=Architecture(blocks, head="global_average", dense=(20, 9)),
        optimizer="sgd",
        momentum=0.5,
        schedule="step",
        stop_accuracy=0.975,
        patience=3,
        shift=2,
        rotate=5,
        first_layer="presets",
        freeze_first=True,
    )
    assert config_of(values_of(config)) == config
    plain = TrainConfig(optimizer="sgd", momentum=0.0)
    assert config_of(values_of(TrainConfig()) | values_of(plain) | {"momentum": 0.9}) == plain


def test_a_run_is_found_by_its_token_and_its_numbers_are_shown(open_page: Callable[..., AppTest], run: str) -> None:
    app = open_page(PAGE, run=run)
    assert sentences(app) == ""
    shown, view = film(app), runner.engine().view(run)
    assert view is not None
    assert shown["player"]["step"] == view.step == 34
    trainer = Trainer(SMALL)
    while not trainer.finished:
        trainer.step()
    result = trainer.evaluate("validation")
    assert shown["confusion"]["accuracy"] == pytest.approx(result.accuracy)
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (result.labels, result.probabilities.argmax(axis=1)), 1)
    assert shown["confusion"]["counts"] == counts.tolist()
    assert shown["confusion"]["step"] == 34
    assert "has other settings" in " ".join(caption.value for caption in app.caption)
    assert not any(run in code.value for code in app.get("code"))


def test_the_time_machine_moves_the_gradients_too(open_page: Callable[..., AppTest], run: str) -> None:
    trainer = Trainer(SMALL)
    for _ in range(3):
        trainer.step()
    app = open_page(PAGE, run=run)
    app.session_state["kept.train.step"] = 3
    app.run()
    assert sentences(app) == ""
    shown = film(app)
    assert shown["player"]["shown"] == 3
    bounds = {layer["name"]: layer["gradient"] for layer in shown["histograms"]["layers"]}
    largest = {name: float(np.abs(trainer.gradients[f"{name}.weight"]).max()) for name in ("conv1", "logits")}
    assert bounds == pytest.approx(largest, rel=1e-5)


def test_a_token_that_is_gone_says_so_and_leaves_the_address(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE, run="gone-for-long")
    assert "no longer there" in sentences(app)
    assert "run" not in app.query_params


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"learning_rate": "fast"}, "learning rate"),
        ({"run": "../../etc"}, "not the name of a run"),
        ({"blocks": "4", "pool1": "max", "pool2": "max", "pool3": "max", "pool4": "max"}, "does not fit"),
        ({"first_layer": "presets", "kernel1": "2"}, "3 × 3"),
    ],
)
def test_garbage_in_the_address_is_a_sentence(open_page: Callable[..., AppTest], query: dict, said: str) -> None:
    app = open_page(PAGE, **query)
    assert said in sentences(app)
    assert film(app)["player"]["status"] == "ready"


@pytest.mark.parametrize("tab", ["runs", "handmade", "weight", "test", "save"])
def test_every_tab_with_a_run(open_page: Callable[..., AppTest], run: str, tab: str) -> None:
    app = open_page(PAGE, run=run, tab=tab)
    assert sentences(app) == ""
    view = runner.engine().view(run)
    assert view is not None
    if tab == "test":
        app.button(key="train-test").click().run()
        trainer = Trainer(SMALL)
        trainer.network.load(view.arrays)
        expected = trainer.evaluate("test").accuracy
        assert f"{100 * expected:.2f} %" in " ".join(block.value for block in app.markdown)
    if tab == "weight":
        assert "takes no further step" in " ".join(caption.value for caption in app.caption)


def test_one_weight_of_the_first_step(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE, tab="weight", at0="3", at2="2", at3="3", picture="4")  # counted from 1
    assert sentences(app) == ""
    story = tell_next_step(Trainer(TrainConfig()), "conv1.weight", (2, 0, 1, 2))
    words = " ".join(block.value for block in app.markdown)
    assert number(story.gradient.total, 6) in words
    assert number(float(story.gradient.per_image[3]), 5) in words
    assert story.update is not None
    assert train_weight.formulas(story.update)[-1] in app.latex[-1].value
    assert "Picture 4 (" in words
    tried = train_weight.difference(story.check)
    assert tried in " ".join(block.value for block in app.latex)
    above, below = (float(loss) for loss in re.findall(r"&= ([\d.]+) ", tried)[:2])
    assert (above - below) / (2 * story.check.step) == pytest.approx(story.check.slope, rel=1e-5)  # from what is shown


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam"])
def test_the_step_as_a_formula_ends_at_the_new_weight(kind: str) -> None:
    config = TrainConfig(
        architecture=SMALL.architecture,
        optimizer="adam" if kind == "adam" else "sgd",
        momentum=0.9 if kind == "momentum" else 0.0,
        weight_decay=0.01,
        learning_rate=0.1,
    )
    trainer = Trainer(config)
    for _ in range(3):
        trainer.step()
    story = tell_next_step(trainer, "logits.weight", (1, 2))
    assert story.update is not None
    trainer.step()
    after = float(trainer.network.parameters()["logits.weight"][1, 2])
    assert train_weight.formulas(story.update)[-1].endswith(f"&= {after:.6g} \\end{{aligned}}")


def test_own_digits_are_read_and_refused(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE, dataset="own")
    assert "stand in" in " ".join(caption.value for caption in app.caption)
    app.file_uploader[0].set_value(("broken.npz", b"not a file", "application/octet-stream")).run()
    assert "broken.npz" in sentences(app)
    app.file_uploader[0].set_value(("mine.npz", own_file(3), "application/octet-stream")).run()
    assert sentences(app) == ""
    assert "90 pictures of 8 × 8 pixels, 3 classes" in " ".join(caption.value for caption in app.caption)
    assert len(film(app)["confusion"]["classes"]) == 3


def own_file(classes: int) -> bytes:
    """Some of the small digits, as a person would upload them."""
    digits, file = datasets.load("digits"), io.BytesIO()
    chosen = np.flatnonzero(digits.labels < classes)[: 30 * classes]
    np.savez(file, images=np.rint(digits.images[chosen, 0] * 255).astype(np.uint8), labels=digits.labels[chosen])
    return file.getvalue()


def test_other_digits_of_one_s_own_are_offered_and_those_of_a_run_are_found_again(
    open_page: Callable[..., AppTest],
) -> None:
    def upload(name: str, classes: int) -> None:
        app.file_uploader[0].set_value((name, own_file(classes), "application/octet-stream")).run()
        assert sentences(app) == ""

    app = open_page(PAGE, dataset="own", epochs="2")
    upload("two.npz", 2)
    engine = runner.engine()
    first = begun_with_what_is_at_the_left(app, engine)
    assert "train-new" not in {button.key for button in app.button}
    upload("the same.npz", 2)
    assert "train-new" not in {button.key for button in app.button}
    upload("three.npz", 3)
    assert "has other digits than those at the left" in " ".join(caption.value for caption in app.caption)
    assert app.button(key="train-new").label == "Train with the new digits"
    app.button(key="train-back").click().run()
    assert "the digits of run 1, 60 pictures" in " ".join(caption.value for caption in app.caption)
    upload("three again.npz", 3)
    app.button(key="train-new").click().run()
    second = app.session_state["train.run"]
    assert second != first
    pictures = engine.dataset(second)
    assert pictures is not None
    assert len(pictures.classes) == 3

    again = open_page(PAGE, dataset="own", epochs="2", run=second)  # a reload: another session
    words = " ".join(caption.value for caption in again.caption)
    assert "In use: the digits of run 2, 90 pictures of 8 × 8 pixels, 3 classes" in words
    assert "train-new" not in {button.key for button in again.button}
    for token in (first, second):
        engine.remove(token)


def begun_with_what_is_at_the_left(app: AppTest, engine: Any) -> str:
    """Train a run with what `app` has at the left, as its film would ask for it."""
    names = [setting.name for setting in train_controls.SETTINGS]
    config = config_of({name: app.session_state[f"train.{name}"] for name in names})
    owner, pictures = app.session_state["session_id"], app.session_state["kept.train.own_data"][1]
    token = str(engine.start(owner, config, pictures, play=False))
    app.session_state["accepted_settings"]["train.run"] = token
    app.run()
    return token


def test_all_that_went_wrong_is_said_in_one_place(
    open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("Nothing can be drawn.")

    monkeypatch.setattr(train_session, "draft", broken)
    app = open_page(PAGE, learning_rate="fast", run="x" * 24)
    assert len(app.error) == 1
    assert "learning rate must be a number" in app.error[0].value
    assert "run that this page showed is no longer there" in app.error[0].value
    assert "Nothing can be drawn" in app.error[0].value


def test_the_verdict_is_what_was_measured() -> None:
    def measured(**accuracies: float) -> dict[str, RunView]:
        return {
            name: RunView(token=name, number=1, validation=((9, 0.1, value),)) for name, value in accuracies.items()
        }

    def said(learned: float, handmade: float, digits: int = 359) -> str:
        return verdict(measured(learned=learned, handmade=handmade, random=0.85), digits)

    assert "clearly better, by 6.0 points: chance alone moves such a difference by about 1.6" in said(0.98, 0.92)
    assert "are worse, but not poor: here the claim does not hold" in said(0.98, 0.92)
    assert "are poor, and worse than what is learned: here the claim holds" in said(0.98, 0.85)
    assert "cannot be told apart" in said(0.986, 0.978)  # three digits of 359
    assert "Learned filters are clearly better" in said(0.986, 0.978, 10_000)
    assert "results are not poor: here the claim does not hold" in said(0.978, 0.986)
    assert "Hand-made filters are clearly better, by 5.0 points" in said(0.92, 0.97)
    assert "it is not their doing" in said(0.72, 0.71)
    assert "ended before" in verdict({"learned": RunView(token="a", number=1)}, 359)


def test_a_model_file_becomes_a_run_that_begins_with_its_weights(open_page: Callable[..., AppTest]) -> None:
    trainer = Trainer(SMALL)
    for _ in range(9):
        trainer.step()
    file = exporting.save_model(trainer.network, config=SMALL)
    app = open_page(PAGE, tab="save")
    app.file_uploader[0].set_value(("model.npz", file, "application/octet-stream")).run()
    assert sentences(app) == ""
    token = app.session_state["train.run"]
    view = runner.engine().view(token)
    assert view is not None
    assert (view.status, view.origin) == ("ready", "a model file")
    np.testing.assert_array_equal(view.arrays["conv1.weight"], trainer.network.parameters()["conv1.weight"])
    accuracy, deadline = trainer.evaluate("validation").accuracy, time.monotonic() + 30
    while film(app.run())["confusion"] is None:  # the engine has not looked at it yet
        assert time.monotonic() < deadline
    assert film(app)["confusion"]["accuracy"] == pytest.approx(accuracy)
    assert "filters1=4" in app.get("code")[-1].value  # the link is the run's, not the sidebar's
    runner.engine().remove(token)
    app.file_uploader[0].set_value(("model.npz", file[:200], "application/octet-stream")).run()
    assert "could not be opened" in sentences(app)


def test_without_own_digits_nothing_is_trained(open_page: Callable[..., AppTest]) -> None:
    with pytest.raises(ValueError, match="upload a file"):
        train_session.start(None, TrainConfig(dataset="own"), datasets.load("digits"), minutes=0)  # type: ignore[arg-type]


def test_a_link_that_names_only_the_digits_takes_the_settings_that_suit_them(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE, dataset="mnist")
    assert sentences(app) == ""
    recommended = values_of(TrainConfig.for_dataset("mnist"))
    assert {name: app.session_state[f"train.{name}"] for name in recommended} == recommended
    assert film(app)["player"]["total"] == Trainer(TrainConfig.for_dataset("mnist")).total_steps
    assert dict(app.query_params) == {"dataset": "mnist"}
    # What the link does name is taken, also where it is what suits the other digits.
    usual = TrainConfig().batch_size
    assert usual != TrainConfig.for_dataset("mnist").batch_size
    app = open_page(PAGE, dataset="mnist", batch_size=str(usual))
    assert app.session_state["train.batch_size"] == usual
    assert app.query_params["batch_size"] == str(usual)
