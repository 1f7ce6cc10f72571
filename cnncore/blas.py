"""One thread for NumPy's matrix products, while something that wants it runs."""

from __future__ import annotations

import threading
from functools import cache
from types import TracebackType
from typing import Any


class OneThread:
    """A context in which BLAS works on one thread; may be nested, and held by several threads at once.

    The products of a small network are fastest so, and the same to the last bit on every run. The setting is the
    process's: the last one to leave puts back what the first one found.

    Examples
    --------
    >>> with OneThread():
    ...     [library.get_num_threads() for library in _libraries() if library.get_num_threads() != 1]
    []
    """

    _lock = threading.Lock()
    _holders = 0
    _found: tuple[int, ...] = ()

    def __enter__(self) -> None:
        with OneThread._lock:
            if not OneThread._holders:
                OneThread._found = tuple(library.get_num_threads() for library in _libraries())
                for library in _libraries():
                    library.set_num_threads(1)
            OneThread._holders += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with OneThread._lock:
            OneThread._holders -= 1
            if not OneThread._holders:
                for library, threads in zip(_libraries(), OneThread._found, strict=True):
                    library.set_num_threads(threads)


@cache
def _libraries() -> tuple[Any, ...]:
    """Return the BLAS libraries that are loaded when this is first asked: NumPy's is."""
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)
