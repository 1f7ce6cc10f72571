"""The operations beside PyTorch's: recorded answers everywhere, a wide random sweep where PyTorch is installed."""

from __future__ import annotations

import numpy as np
import pytest

from cnncore import ops
from tests.golden.torch_cases import HOW_MANY, OPERATIONS, Case, ask_torch, draw, recorded

SEEDS = range(HOW_MANY, HOW_MANY + 2000)
AT_ONCE = 200


def compare(case: Case, theirs: dict[str, np.ndarray] | None) -> None:
    call = f"{case.operation}({[a.shape for a in case.arrays.values()]}, {case.arguments})"
    if theirs is None:
        with pytest.raises(ValueError, match="`"):
            pytest.fail(f"only PyTorch refuses {call}: {getattr(ops, case.operation)(**case.arrays, **case.arguments)}")
        return
    ours = {"y": getattr(ops, case.operation)(**case.arrays, **case.arguments)}
    if "dy" in theirs:
        backward = getattr(ops, f"{case.operation}_backward")
        arrays = {name: array for name, array in case.arrays.items() if name != "b"}
        gradients = backward(theirs["dy"], **arrays, **case.arguments)
        ours |= dict(zip(("dx", "dw", "db"), gradients, strict=True)) if "b" in case.arrays else {"dx": gradients}
    assert set(ours) == set(theirs) - {"dy"}
    for name, array in ours.items():
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, theirs[name], rtol=1e-4, atol=2e-5, err_msg=f"{name} of {call}")


@pytest.mark.parametrize(("case", "theirs"), recorded(), ids=lambda value: getattr(value, "operation", ""))
def test_what_pytorch_said(case: Case, theirs) -> None:
    compare(case, theirs)


def test_the_recorded_cases_are_many_and_of_every_kind() -> None:
    answered = [case.operation for case, theirs in recorded() if theirs is not None]
    assert len(recorded()) == HOW_MANY
    assert min(answered.count(operation) for operation in OPERATIONS) >= 9


@pytest.mark.parametrize("first", SEEDS[::AT_ONCE])
def test_what_pytorch_says(first: int) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed; its recorded answers are compared instead")
    for seed in range(first, first + AT_ONCE):
        case = draw(seed)
        compare(case, ask_torch(seed, case))
