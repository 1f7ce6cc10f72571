"""`filter2d` and the machine: threads, processes, imports, memory."""

import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from cnncore import _filter_tiles
from cnncore.filtering import filter2d
from tests.cnncore.filtering_reference import WAYS, by


@pytest.fixture
def rng():
    return np.random.default_rng(2024)


@pytest.mark.parametrize("way", WAYS)
def test_same_bits_whatever_the_number_of_threads(rng, way, monkeypatch):
    image = rng.standard_normal((640, 640)).astype(np.float32)
    kernel = np.outer(rng.standard_normal(11), rng.standard_normal(11))
    kernel[:, 3] = 0
    several = by(way, image, kernel)
    monkeypatch.setattr(_filter_tiles, "cpu_count", lambda: 1)
    np.testing.assert_array_equal(by(way, image, kernel), several)


def test_many_callers_at_once(rng):
    image, kernel = rng.standard_normal((300, 600)).astype(np.float32), rng.standard_normal((5, 5))
    expected = filter2d(image, kernel)
    results = []
    callers = [threading.Thread(target=lambda: results.append(filter2d(image, kernel))) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(results) == 8
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_an_error_in_a_worker_reaches_the_caller(monkeypatch):
    monkeypatch.setattr(_filter_tiles, "cpu_count", lambda: 2)
    caller, both = threading.current_thread(), threading.Barrier(2, timeout=10)

    def work(queue):
        both.wait()
        if threading.current_thread() is not caller:
            raise MemoryError("no scratch")

    out = np.empty((4, 4, 1))
    job = _filter_tiles.Job(
        _filter_tiles.Padded(out, ((0, 0), (0, 0)), "edge", 0.0), np.ones((1, 1)), out, (1, 1), (1, 1)
    )
    with pytest.raises(MemoryError, match="no scratch"):
        _filter_tiles.share(work, job.tiles(1, 4), job, 1)


def test_a_forked_child_filters_too():
    """It inherits the pool, but none of its threads, so it must not count on them."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    code = """
import os, signal, warnings
import numpy as np
from cnncore import _filter_plan, _filter_tiles
from cnncore._filter_low_rank import low_rank
from cnncore.filtering import filter2d
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 up warns of fork beside threads
_filter_tiles.cpu_count = lambda: 2
image, kernel = np.ones((700, 700), np.float32), np.arange(9.0).reshape(3, 3)
expected = filter2d(image, kernel)
child = os.fork()
if not child:
    signal.alarm(20)
    forgotten = _filter_tiles._pool is None
    same = (filter2d(image, kernel) == expected).all()
    os._exit(0 if forgotten and same and _filter_tiles._pool is not None else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    run_python(code)


def test_imports_only_what_it_needs():
    code = """
import sys
import numpy as np
from cnncore._filter_low_rank import low_rank
from cnncore.filtering import filter2d
filter2d(np.ones((300, 300)), np.arange(9.0).reshape(3, 3))
heavy = {"scipy.fft", "scipy.linalg", "scipy.signal", "scipy.ndimage", "streamlit"} & set(sys.modules)
assert not heavy, heavy
filter2d(np.ones((300, 300)), np.random.default_rng(0).random((31, 31)))
assert "scipy.fft" in sys.modules
assert "scipy.signal" not in sys.modules
"""
    run_python(code)


def run_python(code):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("form", "size"),
    [(form, size) for form in ("full", "rank 1") for size in (3, 7, 15, 63, 255, 1023)]
    + [("sparse", size) for size in (3, 9, 63)],
)
def test_memory(rng, size, form):
    """At most four copies of the result are in use at once, the result among them, whatever the kernel's size."""
    image = rng.standard_normal((1024, 1024)).astype(np.float32)
    kernel = rng.standard_normal((size, size)).astype(np.float32)
    if form == "rank 1":
        kernel = np.outer(kernel[0], kernel[1])
    elif form == "sparse":
        kernel *= rng.random((size, size)) < 0.02
    filter2d(image[:64, :64], kernel)  # what is imported and kept from the first call on is not this call's
    tracemalloc.start()
    try:
        result = filter2d(image, kernel)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.nbytes < peak <= 4 * result.nbytes + kernel.nbytes
