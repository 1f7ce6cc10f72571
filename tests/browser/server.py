"""Streamlit servers for tests and benchmarks: one for a block of code, or one for all processes of a test run."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _launched(script: Path, log: Path, extra_path: str = "") -> tuple[subprocess.Popen[bytes], str]:
    """Serve `script` from the repository's root, so that its configuration is used; give the server and its address."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), extra_path)))}
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment)
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
            return server, address
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                raise RuntimeError(f"the app did not start:\n{log.read_text()}") from None
            time.sleep(0.1)


@contextmanager
def running(script: Path, log: Path, *, extra_path: str = "") -> Iterator[str]:
    """Serve `script` meanwhile, and give its address. Modules in `extra_path` can be imported, too."""
    server, address = _launched(script, log, extra_path)
    try:
        yield address
    finally:
        server.kill()  # it has nothing to save, and a farewell takes seconds
        server.wait(timeout=20)


class Shared:
    """Servers that several processes use: the first that needs one starts it, the last to leave ends it.

    Parameters
    ----------
    folder : Path
        Where these processes leave word for each other.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, str] = {}
        self._mine: list[subprocess.Popen[bytes]] = []

    def address(self, script: Path) -> str:
        """Return where `script` is served."""
        if script not in self._known:
            with self._turn(script) as word:
                if word.exists():
                    known = json.loads(word.read_text())
                else:
                    server, address = _launched(script, word.with_suffix(".log"))
                    self._mine.append(server)
                    known = {"address": address, "process": server.pid, "users": 0}
                word.write_text(json.dumps({**known, "users": known["users"] + 1}))
            self._known[script] = known["address"]
        return self._known[script]

    def leave(self) -> None:
        """Need no server any longer."""
        for script in self._known:
            with self._turn(script) as word:
                known: dict[str, Any] = json.loads(word.read_text())
                if known["users"] > 1:
                    word.write_text(json.dumps({**known, "users": known["users"] - 1}))
                else:
                    os.kill(known["process"], signal.SIGTERM)
                    word.unlink()
        self._known.clear()
        for server in self._mine:  # others may still need it; a process that nobody waits for is a warning, later
            try:
                server.wait(timeout=5 * PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        self._mine.clear()

    @contextmanager
    def _turn(self, script: Path) -> Iterator[Path]:
        """Give the file that tells of a server, to one process at a time."""
        word = self._folder / f"{script.stem}.json"
        lock, deadline = word.with_suffix(".lock"), time.monotonic() + 2 * PATIENCE
        while True:
            try:
                lock.mkdir()
                break
            except FileExistsError:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{lock} was left behind") from None
                time.sleep(0.05)
        try:
            yield word
        finally:
            lock.rmdir()
