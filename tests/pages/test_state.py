"""The settings of a page where its script is cut short: what a person does meanwhile must not be lost."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import navigation


def page() -> None:
    """A page of one setting; its run is cut short where the session says so."""
    import streamlit as st

    from pages.ui.state import PageState, enter, number

    enter("pages/test.py")
    state = PageState("test", (number("stride", 1, 1, 5, "stride", whole=True),))
    st.session_state["said"] = state.begin()
    if not st.session_state.get("hidden"):
        st.number_input("Stride", 1, 5, key=state.key("stride"))
    if st.session_state.get("cut"):
        st.stop()  # as when the browser asks for another run
    state.finish()


def opened(**query: str) -> AppTest:
    app = AppTest.from_function(page)
    app.query_params.update(query)
    return app.run()


def visit(app: AppTest, *, cut: bool = False, **query: str) -> None:
    """Go where another entry of the browser's history leads."""
    app.session_state["cut"] = cut
    app.query_params.clear()
    app.query_params.update(query)
    app.run()
    assert not app.exception


def stride(app: AppTest) -> int:
    return int(app.number_input[0].value)


def test_forward_at_once_after_back_arrives() -> None:
    app = opened()
    app.number_input[0].set_value(3).run()
    assert dict(app.query_params) == {"stride": "3"}
    visit(app, cut=True)
    assert stride(app) == 1
    visit(app, stride="3")
    assert stride(app) == 3
    assert dict(app.query_params) == {"stride": "3"}


def test_coming_back_to_a_page_in_a_run_that_is_cut_short_keeps_its_settings() -> None:
    app = opened()
    app.number_input[0].set_value(3).run()
    app.session_state["current_page"] = "pages/other.py"
    visit(app, cut=True)  # the link to a page has no settings in it: the session knows them
    visit(app)
    assert stride(app) == 3
    assert dict(app.query_params) == {"stride": "3"}


def test_what_has_no_widget_any_more_does_not_count_as_chosen() -> None:
    """Streamlit still knows a value of a widget that is gone, and not always the last one."""
    app = opened(stride="3")
    app.session_state["hidden"] = True
    app.run()
    assert dict(app.query_params) == {"stride": "3"}
    app.session_state["test.stride"] = 1
    visit(app, stride="5")
    assert dict(app.query_params) == {"stride": "5"}
    app.session_state["hidden"] = False
    app.run()
    assert stride(app) == 5


def test_what_was_refused_is_said_until_a_run_is_whole() -> None:
    app = opened()
    sentence = "The stride must lie between 1 and 5, not 99."
    visit(app, cut=True, stride="99")
    assert app.session_state["said"] == [sentence]
    visit(app, stride="99")
    assert app.session_state["said"] == [sentence]
    assert stride(app) == 1
    visit(app)
    assert app.session_state["said"] == []


def test_who_waits_for_the_browser_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[None] = []
    monkeypatch.setattr(navigation, "PAUSE", 3 * navigation.SLICE)
    monkeypatch.setattr(navigation, "give_way", lambda: given.append(None))
    navigation.let_go()
    assert len(given) == 3
