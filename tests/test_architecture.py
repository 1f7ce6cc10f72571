"""The house rules that a program can check."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE_MAY_IMPORT = {"numpy", "scipy", "PIL", "sklearn", "threadpoolctl", "onnx", "cnncore"} | set(
    sys.stdlib_module_names
)
CORE_ORDER = ("geometry", "ops", "layers", "network", "training")  # each may import those before it
SCREENLESS = (
    "figures.py",
    "panes.py",
    "words.py",
    "conventions_view.py",
    "explorer_data.py",
    "explorer_pools.py",
    "explorer_sums.py",
    "film.py",
    "training_views.py",
    "training_messages.py",
    "training_digits.py",
    "training_data.py",
    "training_curves.py",
    "packing.py",
    "network_data.py",
    "network_words.py",
    "cell_data.py",
    "cell_pixel.py",
    "engine.py",
    "run.py",
    "run_view.py",
    "run_limits.py",
    "attendance.py",
)


def sources(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sources("cnncore/**/*.py"), ids=lambda path: path.name)
def test_the_core_knows_nothing_of_the_screen(path: Path) -> None:
    assert {name.split(".")[0] for name in imports(path)} <= CORE_MAY_IMPORT


def test_the_core_imports_one_way() -> None:
    for place, name in enumerate(CORE_ORDER):
        path = ROOT / "cnncore" / f"{name}.py"
        if path.exists():
            later = {f"cnncore.{other}" for other in CORE_ORDER[place + 1 :]}
            assert not later & set(imports(path)), name


@pytest.mark.parametrize("path", sources("pages/ui/*.py"), ids=lambda path: path.name)
def test_shared_page_code_does_not_import_pages(path: Path) -> None:
    for name in imports(path):
        assert not name.startswith("pages.") or name == "pages.ui" or name.startswith("pages.ui.")
        assert name != "app"


@pytest.mark.parametrize("name", SCREENLESS)
def test_what_only_computes_imports_no_streamlit(name: str) -> None:
    assert not any(part.split(".")[0] == "streamlit" for part in imports(ROOT / "pages" / "ui" / name))


def test_only_one_module_owns_the_session_and_the_address() -> None:
    for path in sources("app.py", "pages/**/*.py"):
        if path.name != "state.py":
            used = {
                node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)
            }
            assert not used & {"session_state", "query_params"}, path


def test_the_core_refuses_by_raising_never_by_assert_and_never_unpickles() -> None:
    for path in sources("cnncore/**/*.py", "pages/**/*.py", "app.py"):
        tree = ast.parse(path.read_text("utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Assert)], path
        assert not {name.split(".")[0] for name in imports(path)} & {"pickle", "joblib", "dill"}, path


def test_modules_hold_one_idea() -> None:
    long = {str(path): n for path in sources("app.py", "cnncore/**/*.py", "pages/**/*.py") if (n := lines(path)) > 400}
    assert long == {}
    assert {str(path): lines(path) for path in sources("app.py", "pages/[0-9]*.py") if lines(path) > 140} == {}


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_requirements_say_what_the_project_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    listed = [line.strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()]
    assert [line for line in listed if line and not line.startswith("#")] == project["dependencies"]


def test_nothing_is_fetched_from_elsewhere() -> None:
    """Scripts and styles load nothing over the network; the only addresses are those of standards and papers."""
    for path in sources("assets/**/*.js", "assets/**/*.css", "app.py", "pages/**/*.py"):
        text = path.read_text("utf-8")
        for needle in ("fetch(", "import(", "XMLHttpRequest", "@import", "cdn.", "unpkg", "googleapis"):
            assert needle not in text, (path, needle)


@pytest.mark.parametrize("path", sources("app.py", "pages/*.py"), ids=lambda path: path.name)
def test_a_page_is_dressed_before_it_draws_anything(path: Path) -> None:
    before, dressed, after = path.read_text("utf-8").partition("\ndress()\n")
    assert dressed
    assert "dress()" not in after
    calls = [node for node in ast.walk(ast.parse(before)) if isinstance(node, ast.Call)]
    named = {ast.unparse(call.func) for call in calls if isinstance(call.func, ast.Name)}
    assert named <= {"enter", "PageState", "complain"}  # which draw nothing
    assert not [sign for sign in ("\nst.", "= st.", "\nwith ") if sign in before]
