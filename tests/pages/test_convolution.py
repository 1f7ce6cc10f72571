"""The Convolution page: what it computes equals the core, whatever comes in by its URL or its widgets."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnncore.filtering import filter2d
from cnncore.images import resize, to_gray
from cnncore.kernels import PRESETS
from cnncore.samples import SAMPLES, load_sample
from pages.ui import below, filter_controls, kernel_controls, picture_controls, stage
from tests.pages.conftest import accepted, component_data, sentences

PAGE = "pages/1_Convolution.py"
Open = Callable[..., AppTest]


def panes(app: AppTest) -> dict[str, dict[str, Any]]:
    """The page's components by what they are."""
    known = {}
    for data in component_data(app):
        if "role" in data:
            known[data["role"]] = data
        elif "branches" in data:
            known["trace"] = data
        elif "planes" in data:
            known["kernel"] = data
    return known


def result_at(trace: dict[str, Any]) -> float:
    return float(trace["result"])


def test_opens_with_an_example_already_there(open_page: Open) -> None:
    app = open_page(PAGE)
    assert sentences(app) == ""
    shown = panes(app)
    assert shown["input"]["caption"].startswith("Input · 427 × 640")
    gray = to_gray(load_sample("china"))
    expected = filter2d(gray, PRESETS["sobel_x"].weights())
    trace = shown["trace"]
    assert result_at(trace) == float(expected[trace["row"], trace["col"]])
    total = sum(sum(map(sum, part["products"])) for part in trace["branches"][0]["channels"])
    assert total == pytest.approx(result_at(trace), rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("key", list(PRESETS))
def test_every_preset_draws(open_page: Open, key: str) -> None:
    app = open_page(PAGE, picture="digit-3", kernel=key)
    assert sentences(app) == ""
    shown = panes(app)
    assert shown["kernel"]["planes"]
    assert shown["output"]["rows"] == 28


@pytest.mark.parametrize("key", list(SAMPLES))
def test_every_sample_draws(open_page: Open, key: str) -> None:
    app = open_page(PAGE, picture=key, size="64")
    assert sentences(app) == ""
    assert max(panes(app)["input"]["rows"], panes(app)["input"]["cols"]) <= 64


@pytest.mark.parametrize("colour", ["gray", "each", "rgb"])
@pytest.mark.parametrize("kernel", ["sharpen", "sobel_magnitude"])
@pytest.mark.parametrize("show", ["auto", "signed", "clipped", "minmax", "range"])
def test_every_way_to_treat_colour_and_to_show_it(open_page: Open, colour: str, kernel: str, show: str) -> None:
    app = open_page(PAGE, size="64", colour=colour, kernel=kernel, show=show, channel="B", mix="luma", relu="1")
    assert sentences(app) == ""
    trace = panes(app)["trace"]
    picture = resize(load_sample("china"), 64).astype(np.float32)
    weights = PRESETS[kernel].weights()
    stack = weights if weights.ndim == 3 else weights[None]
    if colour == "gray":
        planes, shares = [to_gray(resize(load_sample("china"), 64))], [1.0]
    elif colour == "each":
        planes, shares = [picture[..., 2]], [1.0]
    else:
        planes, shares = [picture[..., c] for c in range(3)], [0.2989, 0.5870, 0.1140]
    totals = [sum(filter2d(p, k * s) for p, s in zip(planes, shares, strict=True)) for k in stack]
    expected = np.maximum(totals[0] if len(totals) == 1 else np.hypot(*totals), 0)
    assert result_at(trace) == pytest.approx(float(expected[trace["row"], trace["col"]]), rel=1e-4, abs=1e-2)
    assert len(trace["branches"]) == len(stack)
    assert len(trace["branches"][0]["channels"]) == len(planes)


def test_the_article_s_way_is_one_button(open_page: Open) -> None:
    from scipy import ndimage

    app = open_page(PAGE, colour="rgb", stride="3", bias="5", show="minmax")
    next(button for button in app.button if button.label == "Like the article").click().run()
    assert sentences(app) == ""
    trace = panes(app)["trace"]
    expected = ndimage.convolve(to_gray(load_sample("china")), np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32))
    assert result_at(trace) == pytest.approx(float(expected[trace["row"], trace["col"]]), abs=1e-2)
    assert panes(app)["kernel"]["sign"] == "∗"
    assert panes(app)["output"]["scale"] == "grey"


def test_a_kernel_of_one_s_own_travels_in_the_link(open_page: Open) -> None:
    app = open_page(PAGE, picture="digit-3", kernel="own", own="1 2;3 -4.5", padding="valid", row="4", column="7")
    assert sentences(app) == ""
    trace = panes(app)["trace"]
    gray = to_gray(load_sample("digit-3"))
    expected = filter2d(gray, [[1, 2], [3, -4.5]], padding="valid")
    assert (trace["row"], trace["col"]) == (4, 7)
    assert result_at(trace) == float(expected[4, 7])
    assert app.query_params["own"] in ("1 2;3 -4.5", ["1 2;3 -4.5"])


GARBAGE = ["", "💥", "NaN", "-1", "1e999", "9" * 400, "<script>alert(1)</script>", "../../etc/passwd", "%00", "0 1;2"]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_every_parameter_is_survived(open_page: Open, garbage: str) -> None:
    parts = (picture_controls, kernel_controls, filter_controls, stage, below)
    settings = [*filter_controls.COLOUR_SETTINGS, *(setting for part in parts for setting in part.SETTINGS)]
    names = [*(setting.name for setting in settings), "no_such_thing"]
    for name in accepted(settings, garbage):
        app = open_page(PAGE, **{name: garbage, "picture": garbage if name == "picture" else "digit-3"})
        assert not app.exception, (name, app.exception)
        assert panes(app)["output"]["rows"] > 0, name
    app = open_page(PAGE, **dict.fromkeys(names, garbage))
    assert sentences(app) != ""
    assert panes(app)["output"]["rows"] > 0


def test_a_refused_parameter_is_named_in_one_sentence(open_page: Open) -> None:
    assert "stride must lie between 1 and 16, not 99" in sentences(open_page(PAGE, stride="99"))
    assert "no kernel “blurry”" in sentences(open_page(PAGE, kernel="blurry"))


def test_a_window_larger_than_the_picture_keeps_the_last_good_view(open_page: Open) -> None:
    app = open_page(PAGE, picture="digit-3", kernel="box", box_size="15")
    assert sentences(app) == ""
    before = panes(app)["output"]["caption"]
    app.number_input(key="convolution.dilation").set_value(3).run()
    assert sentences(app) == ""  # "same" always fits
    before = panes(app)["output"]["caption"]
    app.selectbox(key="convolution.padding").select("valid").run()
    assert "spans 43 rows, but the picture has only 28" in sentences(app)
    assert panes(app)["output"]["caption"] == before
    app.selectbox(key="convolution.padding").select("same").run()
    assert sentences(app) == ""


def test_text_where_numbers_belong_keeps_the_last_good_view(open_page: Open) -> None:
    app = open_page(PAGE, picture="digit-3", kernel="own", own="1 2 1")
    before = panes(app)["kernel"]
    app.text_area(key="convolution.own").set_value("1 two 3").run()
    assert "two" in sentences(app)
    assert panes(app)["kernel"] == before
    app.text_area(key="convolution.own").set_value("nan 1").run()
    assert sentences(app) != ""
    assert panes(app)["kernel"] == before


def test_a_bad_link_keeps_what_is_not_in_the_way(open_page: Open) -> None:
    app = open_page(PAGE, picture="digit-3", kernel="own", own="1 two 3", stride="2", padding="valid")
    assert "Until you change it, you see it with Kernel “Sobel, left to right”." in sentences(app)
    assert panes(app)["output"]["rows"] == 13


def test_settings_survive_a_visit_to_another_page_and_one_button_resets_them(open_page: Open) -> None:
    app = open_page(PAGE, picture="flower", stride="2", kernel="box", box_size="5")
    app.switch_page("app.py")
    app.query_params.clear()  # as a page link does
    app.run()
    app.switch_page(PAGE).run()
    assert sentences(app) == ""
    assert app.number_input(key="convolution.stride").value == 2
    assert app.selectbox(key="picture").value == "flower"
    next(button for button in app.button if button.label == "Back to defaults").click().run()
    assert app.number_input(key="convolution.stride").value == 1
    assert app.selectbox(key="picture").value == "flower"  # the picture is not this page's own


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_upload_is_used_kept_across_pages_and_replaced_only_by_a_picture(open_page: Open) -> None:
    app = open_page(PAGE, picture="upload")
    mine = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    app.file_uploader(key="upload").set_value(("mine.png", png(mine), "image/png")).run()
    assert sentences(app) == ""
    assert panes(app)["input"]["caption"].startswith("Input · 30 × 40")
    trace = panes(app)["trace"]
    expected = filter2d(to_gray(mine), PRESETS["sobel_x"].weights())
    assert result_at(trace) == float(expected[trace["row"], trace["col"]])
    app.switch_page("app.py")
    app.query_params.clear()
    app.run()
    app.switch_page(PAGE).run()
    assert panes(app)["input"]["caption"].startswith("Input · 30 × 40")
    app.file_uploader(key="upload").set_value(("broken.png", b"\x89PNG\r\n\x1a\nnot much", "image/png")).run()
    assert "“broken.png” could not be opened" in sentences(app)
    assert panes(app)["input"]["caption"].startswith("Input · 30 × 40")


@pytest.mark.parametrize("shape", [(1, 1), (20_000, 1), (1, 300), (5, 5)])
def test_small_and_odd_pictures_simply_work(open_page: Open, shape: tuple[int, int]) -> None:
    app = open_page(PAGE, picture="upload", size="original", kernel="box", box_size="15")
    app.file_uploader(key="upload").set_value(("odd.png", png(np.full(shape, 90, np.uint8)), "image/png")).run()
    assert sentences(app) == ""
    assert (panes(app)["output"]["rows"], panes(app)["output"]["cols"]) == shape
    assert result_at(panes(app)["trace"]) == pytest.approx(90, rel=1e-3)


@pytest.mark.parametrize(
    "tab", ["Histogram", "Frequency response", "Before and after", "Formula", "Code", "Save and share"]
)
def test_every_tab_opens_from_the_link(open_page: Open, tab: str) -> None:
    for kernel in ("sobel_x", "sobel_magnitude"):
        for colour in ("gray", "each", "rgb"):
            app = open_page(PAGE, picture="digit-3", tab=tab, kernel=kernel, colour=colour)
            assert sentences(app) == ""


def test_the_share_link_reopens_the_view(open_page: Open) -> None:
    wanted = {
        "picture": "flower",
        "size": "128",
        "kernel": "gaussian",
        "gaussian_sigma": "2.5",
        "stride": "3",
        "zoom": "2",
    }
    app = open_page(PAGE, **wanted, tab="Save and share")
    link = app.code[0].value
    for name, value in wanted.items():
        assert f"{name}={value}" in link
