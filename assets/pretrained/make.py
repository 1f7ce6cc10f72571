"""Makes the bundled networks: ``python assets/pretrained/make.py``; ``mnist`` or ``digits`` after it for one of them.

They learn from the training split (60 % of the pictures) alone. The recipes were chosen by the accuracy on the
validation split (20 %); the test split is asked once, at the end, for the figure that the file's note gives. The same
seed gives the same file, byte for byte, on one machine and release of NumPy; elsewhere sums may be rounded otherwise.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cnncore.architecture import Architecture, ConvBlock
from cnncore.exporting import save_model
from cnncore.training import TrainConfig, Trainer

FOLDER = Path(__file__).parent
RECIPES = {
    "mnist": TrainConfig(
        dataset="mnist",
        architecture=Architecture((ConvBlock(16, 5, pool="max"), ConvBlock(32, 3, pool="max"))),
        learning_rate=0.003,
        schedule="cosine",
        batch_size=64,
        epochs=24,
        shift=2,
        rotate=15.0,
        seed=0,
    ),
    "digits": TrainConfig(
        dataset="digits",
        architecture=Architecture((ConvBlock(24, 3, pool="max"), ConvBlock(48, 3, pool="max"))),
        learning_rate=0.006,
        schedule="cosine",
        batch_size=32,
        epochs=60,
        shift=1,
        rotate=15.0,
        seed=1,
    ),
}


def main() -> None:
    """Train, write, report."""
    for name in sys.argv[1:] or RECIPES:
        made = file(name)
        path = FOLDER / f"{name}.npz"
        path.write_bytes(made[0])
        print(f"{path.name}: {len(made[0]):,} bytes. {made[1]}", flush=True)


def file(name: str) -> tuple[bytes, str]:
    """Return a bundled network's file, and the note that stands in it."""
    trainer = Trainer(RECIPES[name])
    while not trainer.finished:
        trainer.step()
    return saved(trainer)


def saved(trainer: Trainer) -> tuple[bytes, str]:
    """Return the file and the note of a network at the end of its training."""
    config = trainer.config
    validation, test = (trainer.evaluate(split).accuracy for split in ("validation", "test"))
    note = (
        f"Bundled network for {config.dataset}: trained {config.epochs} epochs with seed {config.seed} on "
        f"{len(trainer.split.train):,} pictures; right on {validation:.2%} of the {len(trainer.split.validation):,} "
        f"validation pictures and on {test:.2%} of the {len(trainer.split.test):,} test pictures."
    )
    classes = trainer.dataset.classes
    return save_model(trainer.network, classes=classes, config=config, note=note), note


if __name__ == "__main__":
    main()
