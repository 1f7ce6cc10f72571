"""Prints what was measured as one table: times of filter2d, and how many times as long the others took in this run."""

from __future__ import annotations

from collections import defaultdict

import pytest

OURS = "filter2d"
OTHERS = ("ndimage.convolve", "oaconvolve", "torch conv2d", "cv2.filter2D")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    session = getattr(config, "_benchmarksession", None)
    cases: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for run in session.benchmarks if session else ():
        if "implementation" in run.extra_info and run.stats.rounds:
            cases[run.group][run.extra_info["implementation"]] = run.stats.min, run.stats.median
    for which, name in enumerate(("fastest round", "median round")):
        rows = [_row(case, {who: times[which] for who, times in found.items()}) for case, found in cases.items()]
        if rows:
            terminalreporter.section(f"{name}: time of {OURS}, and of the others as multiples of it")
            header = f"{'':34s}{OURS:>12s}" + "".join(f"{other:>18s}" for other in OTHERS)
            terminalreporter.write_line(header)
            for row in rows:
                terminalreporter.write_line(row)


def _row(case: str, times: dict[str, float]) -> str:
    ours = times.get(OURS)
    if ours is None:
        return f"{case:34s}{'-':>12s}"
    row = f"{case:34s}{1e3 * ours:9.2f} ms"
    for other in OTHERS:
        row += f"{times[other] / ours:17.2f}x" if other in times else f"{'-':>18s}"
    return row
