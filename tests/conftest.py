"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# A busy machine may take its time: no test fails by the clock.
settings.register_profile("without a clock", deadline=None)
settings.load_profile("without a clock")
