"""Under the hood for one weight: its gradient as the sum that it is, a check by trying, the optimizer's step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from cnncore.datasets import Dataset
from cnncore.training import TrainConfig, Trainer
from cnncore.weight_story import DifferenceCheck, NextStep, WeightUpdate, tell_next_step
from pages.ui import inspect_html as html
from pages.ui import runner
from pages.ui import train_session as session
from pages.ui.run_view import RunView
from pages.ui.state import PageState, Setting, memo, number, text
from pages.ui.words import literal
from pages.ui.words import number as say

MOST_INDEX = 4096
ON_ONE_LINE = 30  # signs of a formula
DECIMALS = 15
"""Of a loss that is tried: the difference of two has half as many digits."""
AXES = {4: ("Filter", "Channel", "Row", "Column"), 2: ("Unit", "Input"), 1: ("Number",)}
"""What the indices of a parameter mean, by how many there are; counted from 1, as everywhere on the page."""

SETTINGS: tuple[Setting, ...] = (
    text("weight", "conv1.weight"),
    *(number(f"at{axis}", 1, 1, MOST_INDEX, "place of the weight", whole=True) for axis in range(4)),
    number("picture", 1, 1, MOST_INDEX, "picture of the batch", whole=True),
)


def draw(state: PageState, config: TrainConfig, dataset: Dataset, view: RunView | None) -> None:
    """Draw the choice of a weight, and its story in the step that follows the moment shown."""
    trainer, key = _trainer(config, dataset, view)
    if trainer is None or trainer.finished:
        st.caption("The run takes no further step from here. Drag back along the track, and see what a step then did.")
        return
    parameters = trainer.network.parameters()
    if state["weight"] not in parameters:
        state.settle(weight="conv1.weight")
    shape = parameters[state["weight"]].shape
    index = _controls(state, list(parameters), shape, min(config.batch_size, len(trainer.split.train)))
    try:
        story: NextStep = memo(
            "train.weight", (*key, state["weight"], index), lambda: tell_next_step(trainer, state["weight"], index)
        )
    except ValueError as error:
        st.caption(f"{error}")
        return
    _gradient(state, story, trainer.dataset.classes)
    left, right = st.columns(2, gap="large")
    with left:
        _check(story)
    with right:
        _update(story, trainer)


def _trainer(config: TrainConfig, dataset: Dataset, view: RunView | None) -> tuple[Trainer | None, tuple[Any, ...]]:
    """Return a Trainer of one's own at the checkpoint that is shown, and what names it."""
    if view is None:
        key: tuple[Any, ...] = (repr(config), id(dataset))
        return memo("train.weight_trainer", key, lambda: Trainer(config, dataset)), key
    asked = session.asked_step()
    checkpoint = runner.engine().checkpoint(view.token, view.step if asked is None else asked)
    if checkpoint is None:
        return None, ()
    pictures = runner.engine().dataset(view.token)

    def make() -> Trainer:
        trainer = Trainer(TrainConfig.from_dict(dict(view.config)), pictures)
        trainer.load_state_dict(checkpoint.state)
        return trainer

    key = (view.token, checkpoint.step, id(checkpoint))
    return memo("train.weight_trainer", key, make), key


def _controls(state: PageState, names: list[str], shape: tuple[int, ...], batch: int) -> tuple[int, ...]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Parameter", names, key=state.key("weight"), width=190)
        for axis, (label, size) in enumerate(zip(AXES[len(shape)], shape, strict=True)):
            if state[f"at{axis}"] > size:
                state.settle(**{f"at{axis}": size})
            st.number_input(label, 1, size, key=state.key(f"at{axis}"), width=130)
        if state["picture"] > batch:
            state.settle(picture=batch)
        st.number_input("Picture of the batch", 1, batch, key=state.key("picture"), width=160)
    return tuple(int(state[f"at{axis}"]) - 1 for axis in range(len(shape)))


def _gradient(state: PageState, story: NextStep, classes: Sequence[str]) -> None:
    """Draw one picture's part of the gradient as the product of two maps, and the sum over the batch."""
    told = story.gradient
    place = min(int(state["picture"]), len(told.inputs)) - 1
    taken, back = np.atleast_2d(told.inputs[place]), np.atleast_2d(told.upstream[place])
    products = taken * back
    shots = [html.figure(_ink(story.images[place, 0]), "the picture", side=112, shape=story.images.shape[2:])]
    for words, values in (
        ("what the weight multiplies", taken),
        ("the gradient that comes back", back),
        ("their products", products),
    ):
        bound = float(np.abs(values).max(initial=0.0))
        shown = html.signed_masks(values, bound)
        shots.append(html.figure(shown, f"{words}, ±{say(bound)}", side=112, shape=values.shape))
    st.html(html.row(shots))
    count = len(told.inputs)
    st.markdown(
        f"Picture {place + 1} (“{literal(classes[story.labels[place]])}”) adds "
        f"Σ = **{say(float(told.per_image[place]), 5)}**. Over the {count} pictures of the batch: "
        f"∂loss/∂w = Σ = **{say(told.total, 6)}**, where the weight is {say(told.value, 5)} "
        f"and the loss {say(told.loss, 5)}."
    )
    if told.planes is not None:
        st.caption(
            "A convolution's weight is laid on one place of its channel after another, so its gradient is a "
            "cross-correlation: of the channel with the gradient of the map, at the one shift that belongs to this "
            "weight. The mean over the batch is inside the gradient that comes back."
        )


def _ink(picture: Any) -> tuple[html.Mask, ...]:
    """Return a digit as it is printed: in the colour of the text on the page's background, as in the film."""
    return tuple(replace(mask, colour="currentColor") for mask in html.amount_masks(picture, 1.0))


def _check(story: NextStep) -> None:
    check = story.check
    st.markdown("**The check by trying**, in float64")
    st.latex(difference(check))
    gap = abs(check.slope - story.gradient.total)
    if check.kink:
        st.caption(
            f"The loss has a corner right here (a ReLU's input is 0): its slopes are {say(check.slope_below, 5)} and "
            f"{say(check.slope_above, 5)}, and backpropagation takes a value between them."
        )
    else:
        st.caption(f"It differs from the sum above by {say(gap)}: two ways to one number.")


def difference(check: DifferenceCheck) -> str:
    """Return the check as LaTeX: both losses, to as many decimals as float64 knows, their difference, the slope."""
    apart = check.loss_above - check.loss_below
    above, below = (f"{loss:.{DECIMALS}f}" for loss in (check.loss_above, check.loss_below))
    return (
        rf"\small \begin{{aligned}} L(w + \varepsilon) &= {above} \\ L(w - \varepsilon) &= {below} \\[8pt] "
        rf"\frac{{L(w + \varepsilon) - L(w - \varepsilon)}}{{2 \varepsilon}} "
        rf"&= \frac{{{_tex(apart)}}}{{2 \cdot {_tex(check.step)}}} \\[8pt] "
        rf"&= {_tex(check.slope)} \end{{aligned}}"
    )


def _update(story: NextStep, trainer: Trainer) -> None:
    update = story.update
    if update is None:
        st.markdown("**The optimizer's step**")
        st.caption("None: the first layer is frozen, this weight stays as it is.")
        return
    titles = {"sgd": "SGD", "momentum": "SGD with momentum", "adam": "Adam"}
    st.markdown(f"**The optimizer's step**, {titles[update.kind]}, number {update.number:,}")
    for line in formulas(update):
        st.latex(line)


def formulas(update: WeightUpdate) -> list[str]:
    """Return an optimizer's step as LaTeX, each formula with its numbers in it."""
    rate, lines = _tex(update.learning_rate), []
    gradient, decayed = _bracket(update.gradient), _bracket(update.decayed)
    if update.weight_decay:
        decay = rf"{_tex(update.weight_decay)} \cdot {_bracket(update.before)}"
        lines.append(_line("g", _sum(gradient, f"+ {decay}"), update.decayed))
    step = rf"{rate} \cdot {decayed}"
    if update.kind == "momentum":
        kept = rf"{_tex(update.momentum)} \cdot {_bracket(update.velocity_before)}"
        lines.append(_line("v", _sum(kept, f"+ {decayed}"), update.velocity))
        step = rf"{rate} \cdot {_bracket(update.velocity)}"
    elif update.kind == "adam":
        first, second = update.betas
        kept, new = rf"{first:g} \cdot {_bracket(update.mean_before)}", rf"{1 - first:.3g} \cdot {decayed}"
        lines.append(_line("m", _sum(kept, f"+ {new}"), update.mean))
        kept, new = rf"{second:g} \cdot {_bracket(update.square_before)}", rf"{1 - second:.3g} \cdot {decayed}^2"
        lines.append(_line("v", _sum(kept, f"+ {new}"), update.square))
        lines.append(_line(r"\hat m", rf"m / (1 - {first:g}^{{{update.number}}})", update.mean_corrected))
        lines.append(_line(r"\hat v", rf"v / (1 - {second:g}^{{{update.number}}})", update.square_corrected))
        step = rf"{rate} \cdot \hat m / (\sqrt{{\hat v}} + {_tex(update.epsilon)})"
    lines.append(_line("w", _sum(_tex(update.before), f"- {step}"), update.after))
    return lines


def _sum(first: str, second: str) -> str:
    """Join two terms; the second stands in a line of its own where both do not fit beside each other on a phone."""
    seen = re.sub(r"\\[a-z]+|[{}^ ]", "", first + second)
    return first + (" " if len(seen) <= ON_ONE_LINE else r" \\ &\quad ") + second


def _line(name: str, words: str, result: float) -> str:
    return rf"\small \begin{{aligned}} {name} &= {words} \\ &= {_tex(result)} \end{{aligned}}"


def _tex(value: float) -> str:
    """Write a number as LaTeX with six significant digits.

    >>> _tex(-0.25), _tex(1.5e-8)
    ('-0.25', '1.5 \\\\cdot 10^{-8}')
    """
    mantissa, _, exponent = f"{value:.6g}".partition("e")
    return mantissa if not exponent else rf"{mantissa} \cdot 10^{{{int(exponent)}}}"


def _bracket(value: float) -> str:
    return f"({_tex(value)})" if value < 0 or "cdot" in _tex(value) else _tex(value)
