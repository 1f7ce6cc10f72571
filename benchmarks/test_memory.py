"""How much memory `filter2d` takes beside the picture, as the operating system counts it.

Run with ``python -m pytest benchmarks/test_memory.py -s``. A fresh process filters one float32 picture of 1 megapixel;
what its peak grows by, the result included, is printed in copies of the result. (tests/cnncore/test_filtering.py has
the same limit on what NumPy allocates; this also sees what libraries allocate by themselves.)
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes
import sys
import numpy as np
from cnncore.filtering import filter2d

def resident(which):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(which))

size, form = int(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(0)
image = rng.standard_normal((1024, 1024)).astype(np.float32)
kernel = rng.standard_normal((size, size)).astype(np.float32)
if form == "separable":
    kernel = np.outer(kernel[0], kernel[1])
filter2d(image[:200, :300], kernel)  # imports, starts threads
ctypes.CDLL(None).malloc_trim(0)  # memory that was freed but kept would hide what is taken
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")  # the peak starts again from here
before = resident("VmRSS")
result = filter2d(image, kernel)
print((resident("VmHWM") - before) / result.nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc, which Linux has")
@pytest.mark.parametrize("form", ["full", "separable"])
@pytest.mark.parametrize("size", [3, 7, 15, 31, 63, 255, 1023])
def test_peak(size: int, form: str) -> None:
    root = Path(__file__).parents[1]
    arguments = [sys.executable, "-c", PROGRAM, str(size), form]
    done = subprocess.run(arguments, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    copies = float(done.stdout)
    print(f"\n{form} {size} x {size}: {copies:.2f} copies of the result, the result among them")
    assert copies <= 4
