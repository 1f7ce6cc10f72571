"""What it costs to be watched while one trains, what others notice of it, and how soon memory is free again.

Run ``python benchmarks/runner.py [rounds]``. The app is served as it is, with a probe in its process that reads the
engine's counters ten times a second, and driven in headless Chromium:

- watched: images a second at full speed with the Train page open on the run, and with nobody looking, in turns; of the
  wall clock, and of the engine's own thread (its seconds of CPU, which a loaded machine does not change);
- watched from another machine: the same with somebody who asks the server for all that the page asks for, as often,
  but draws nothing on this machine;
- twenty at once: the same page beside nineteen other runs at the pace of the film, each with somebody who makes its
  picture as often as a page does; how far the slowest is behind the fastest, and how late a control on another page is;
- closed: seconds from closing the tab to the end of its work, and what memory the process has back.

Browser and server share this machine, so what the browser does to draw counts as a cost in the first figure; where a
person's computer draws, the second one holds.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path  # noqa: E402
from tests.browser.server import running  # noqa: E402

# Runs in the server's process, because Python imports a module of this name when it starts.
PROBE = """
import json, os, threading, time

def probe():
    file, orders = os.environ["CNN_LAB_PROBE"], os.environ["CNN_LAB_PROBE"] + ".others"
    began = False
    while True:
        time.sleep(0.1)
        thread = next((t for t in threading.enumerate() if t.name == "cnn-lab-training"), None)
        if thread is None:
            continue
        runs = list(thread.engine._runs.values())
        try:
            cpu = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        except OSError:
            cpu = 0.0
        with open("/proc/self/statm") as statm:
            resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        told = {"at": time.time(), "cpu": cpu, "process": time.process_time(), "resident": resident,
                "working": sum(run.working for run in runs),
                "runs": {run.token: [run.view.step, run.config.batch_size, run.pace] for run in runs}}
        with open(file + ".new", "w") as out:
            json.dump(told, out)
        os.replace(file + ".new", file)
        if os.path.exists(orders) and not began:
            began = True
            others(thread.engine)

def others(engine):
    from cnncore.datasets import load
    from cnncore.network import Network
    from cnncore.training import TrainConfig, Trainer
    from pages.ui.training_curves import Curve
    from pages.ui.training_data import Look, Moment, Pictures, Player, data
    digits = load("digits")
    chosen = Trainer(TrainConfig()).split.validation
    pictures = Pictures(digits.images[chosen], digits.labels[chosen], digits.classes)

    def watch(token):
        network, curve = Network(TrainConfig().architecture), Curve("Run", steps_per_epoch=34)
        while True:
            view = engine.view(token)
            network.load(view.arrays)
            curve.follow(view.train, view.validation)
            moment = Moment(view.step, network.plan, view.arrays, view.start,
                            network.activations(pictures.images[:1]), view.probabilities, view.gradients)
            player = Player("x", "training", view.step, view.total_steps, view.steps_per_epoch)
            data(player, moment, [curve], pictures, Look())
            time.sleep(0.22)

    for number in range(19):
        owner = f"other {number}"
        engine.renew(owner, lambda: True)
        token = engine.start(owner, TrainConfig(epochs=1000, seed=number), pace=68.0)
        threading.Thread(target=watch, args=(token,), daemon=True).start()

threading.Thread(target=probe, daemon=True).start()
"""


class Server:
    """What the probe says of the running app."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> dict[str, Any]:
        while True:
            try:
                found: dict[str, Any] = json.loads(self.file.read_text())
                return found
            except (OSError, ValueError):
                time.sleep(0.05)

    def rates(self, seconds: float) -> tuple[float, float, float]:
        """Return images a second, of the wall clock and of the thread's CPU, of all runs together.

        And what the rest of the process takes, in seconds of CPU a second.
        """
        first = self.read()
        time.sleep(seconds)
        last = self.read()
        images = sum(steps * size for steps, size, _ in gained(first, last))
        span, cpu = last["at"] - first["at"], max(last["cpu"] - first["cpu"], 1e-9)
        return images / span, images / cpu, (last["process"] - first["process"] - cpu) / span


def gained(first: dict[str, Any], last: dict[str, Any]) -> list[tuple[int, int, float | None]]:
    """Return, for each run that was there all the time, its steps meanwhile, its batch and its pace."""
    runs = last["runs"].items()
    known = first["runs"]
    return [(step - known[token][0], size, pace) for token, (step, size, pace) in runs if token in known]


class Distant(threading.Thread):
    """Somebody who watches a run from another machine: asks as the page in a browser does, and draws nothing here."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        parts = urlsplit(url)
        self.server, self.page, self.query = parts.netloc, parts.path.strip("/"), parts.query
        self.frames, self.gone = 0, threading.Event()

    def run(self) -> None:
        every: dict[str, float] = {}  # seconds, by fragment
        due: dict[str, float] = {}
        with connect(f"ws://{self.server}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as line:  # type: ignore[list-item]
            self._ask(line)
            while not self.gone.is_set():
                try:
                    told = ForwardMsg.FromString(line.recv(timeout=0.02))  # type: ignore[arg-type]
                except TimeoutError:
                    told = ForwardMsg()
                if told.HasField("auto_rerun"):
                    name = told.auto_rerun.fragment_id
                    every[name], due[name] = told.auto_rerun.interval, time.monotonic() + told.auto_rerun.interval
                for name in told.stop_auto_rerun.fragment_ids:
                    due.pop(name, None)
                self.frames += told.delta.new_element.bidi_component.component_name.endswith("training_feed")
                for name in [name for name, at in due.items() if at <= time.monotonic()]:
                    due[name] += every[name]
                    self._ask(line, name)

    def _ask(self, line: Any, fragment: str = "") -> None:
        message = BackMsg()
        message.rerun_script.query_string, message.rerun_script.page_name = self.query, self.page
        message.rerun_script.fragment_id, message.rerun_script.is_auto_rerun = fragment, bool(fragment)
        line.send(message.SerializeToString())


def player(page: Page) -> Any:
    return page.locator("section.player")


def begin(page: Page, address: str, query: str) -> str:
    """Open the Train page, start a run at full speed, and return its address."""
    page.goto(f"{address}/Train{query}")
    player(page).wait_for(timeout=120_000)
    player(page).get_by_label("Pace").select_option("full")
    player(page).get_by_role("button", name="Train").click()
    page.wait_for_url("**run=**", timeout=60_000)
    page.wait_for_timeout(1500)
    return page.url


def watched(server: Server, page: Page, address: str, query: str, rounds: int, title: str) -> None:
    url = begin(page, address, query)
    ratios, cpu_ratios, seen, rest, distant, frames = [], [], [], [], [], []
    for _ in range(rounds):
        page.goto(url)
        player(page).wait_for(timeout=120_000)
        player(page).get_by_role("button", name="Start again").click()  # or the run would end before the last round
        player(page).get_by_role("button", name="Train").click()
        page.wait_for_timeout(1500)
        with_view, with_view_cpu, looking = server.rates(4)
        page.goto("about:blank")  # the tab is closed, as far as the server can see; the run has its grace period
        page.wait_for_timeout(500)
        without, without_cpu, idle = server.rates(4)
        far = Distant(url)
        far.start()
        time.sleep(1.5)
        before = far.frames
        distant.append(server.rates(4)[0] / without)
        frames.append((far.frames - before) / 4)
        far.gone.set()
        far.join()
        ratios.append(with_view / without)
        cpu_ratios.append(with_view_cpu / without_cpu)
        seen.append(without)
        rest.append(looking - idle)
    page.goto(url)
    player(page).get_by_role("button", name="Pause").click()
    page.wait_for_timeout(1500)
    print(
        f"{title:28} {statistics.median(seen):10,.0f} images/s unwatched; watched {statistics.median(ratios):.0%} "
        f"of it (rounds {min(ratios):.0%} to {max(ratios):.0%}), {statistics.median(cpu_ratios):.0%} in a second of "
        f"the thread's CPU; the page's scripts take {statistics.median(rest):.0%} of a core"
    )
    print(
        f"{'':28} {statistics.median(distant):.0%} by the clock (rounds {min(distant):.0%} to {max(distant):.0%}) if "
        f"another machine draws; {statistics.median(frames):.1f} frames a second"
    )


PRESS = """
async () => {
  const read = () => [...document.querySelectorAll('*')]
    .map((node) => node.shadowRoot?.querySelector('.caption')?.textContent).find((text) => text?.startsWith('Output'));
  const before = read(), start = performance.now();
  document.querySelector('input[aria-label="Dilation"]').dispatchEvent(new Event('lab'));
  return await new Promise((resolve) => {
    const poll = () => {
      const now = read();
      if (now && now !== before) requestAnimationFrame(() => resolve(performance.now() - start));
      else requestAnimationFrame(poll);
    };
    window.labPoll = poll; poll();
  });
}
"""


def press(page: Page, key: str) -> float:
    """Return the milliseconds from a key press on the Convolution page to its new picture."""
    page.get_by_label("Dilation", exact=True).focus()
    page.evaluate(f"() => {{ window.labTask = ({PRESS})(); }}")
    page.keyboard.press(key)
    found = float(page.evaluate("window.labTask"))
    page.wait_for_timeout(250)
    return found


def presses(page: Page, count: int) -> list[float]:
    return [press(page, "ArrowUp" if n % 2 == 0 else "ArrowDown") for n in range(count)]


def twenty(server: Server, page: Page, other: Page, address: str, rounds: int) -> None:
    other.goto(f"{address}/Convolution")
    other.get_by_label("Dilation", exact=True).wait_for(timeout=120_000)
    other.wait_for_timeout(4000)
    presses(other, 4)
    alone = presses(other, 2 * rounds)
    url = begin(page, address, "?epochs=1000&seed=7")
    one = presses(other, 2 * rounds)
    server.file.with_name(server.file.name + ".others").touch()
    while server.read()["working"] < 20:
        time.sleep(0.5)
    time.sleep(3)
    first = server.read()
    late = presses(other, 2 * rounds)
    last = server.read()
    meanwhile, span = gained(first, last), last["at"] - first["at"]
    paced = [steps / span for steps, _, pace in meanwhile if pace]
    total = sum(steps * size for steps, size, _ in meanwhile) / span
    print(
        f"{'a control elsewhere':28} {statistics.median(alone):6.0f} ms with nobody training, "
        f"{statistics.median(one):.0f} ms beside one run at full speed, {statistics.median(late):.0f} ms beside twenty "
        f"(medians; worst {max(late):.0f} ms)"
    )
    print(
        f"{'twenty at once':28} the nineteen with a pace of 68 batches/s have {min(paced):.1f} to "
        f"{max(paced):.1f}; all together {total:,.0f} images/s; {last['resident'] / 1e6:,.0f} MB"
    )
    page.goto(url)
    player(page).get_by_role("button", name="Pause").click()
    page.wait_for_timeout(1000)


def closed(server: Server, page: Page, address: str) -> None:
    query = "?dataset=mnist&filters1=32&filters2=64&batch_size=64&epochs=500"
    begin(page, address, query)
    page.wait_for_timeout(4000)
    full = server.read()
    page.goto("about:blank")
    began = time.time()
    while server.read()["working"] >= full["working"]:
        time.sleep(0.1)
    ended = time.time() - began
    time.sleep(2)
    free = server.read()
    print(
        f"{'a closed tab':28} its work ended after {ended:.1f} s; {full['resident'] / 1e6:,.0f} MB before, "
        f"{free['resident'] / 1e6:,.0f} MB after"
    )


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        (Path(folder) / "sitecustomize.py").write_text(PROBE)
        server = Server(Path(folder) / "probe.json")
        os.environ["CNN_LAB_PROBE"] = str(server.file)
        browser = driver.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        with running(ROOT / "app.py", Path(folder) / "lab.log", extra_path=folder) as address:
            page, other = browser.new_page(), browser.new_page()
            for each in (page, other):
                each.set_default_timeout(120_000)
            watched(server, page, address, "?epochs=1000", rounds, "digits 8 x 8, the default")
            mnist = "?dataset=mnist&blocks=2&filters1=8&filters2=16&batch_size=64&epochs=500"
            watched(server, page, address, mnist, rounds, "MNIST 28 x 28, 8/16 filters")
            closed(server, page, address)
            twenty(server, page, other, address, rounds)
        browser.close()


if __name__ == "__main__":
    main()
