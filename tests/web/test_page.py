"""The page for people: what it shows, and that it asks nobody else."""

import re
from html.parser import HTMLParser
from typing import get_args

import pytest

from playlista.web.replies import State


class Page(HTMLParser):
    """Every attribute of every element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, _, attrs):
        self.attributes += attrs

    def all(self, name: str) -> set[str]:
        return {value for key, value in self.attributes if key == name}


@pytest.fixture
def page(http) -> Page:
    return Page(http.get("/").text)


def leaves(value: object, path: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {path}
    return set().union(*(leaves(v, f"{path}.{k}".strip(".")) for k, v in value.items()))


def test_the_page_shows_every_fact_of_the_status(page, daemon):
    elsewhere = {"watch.roots", "watch.degraded", "model.loaded"}

    assert page.all("data-field") == leaves(daemon.status) - elsewhere


def test_the_page_asks_nobody_else(http, page):
    answer = http.get("/")

    assert page.all("href") | page.all("src") == {
        "data:,",
        "/status",
        "/performance",
        "/model_info",
        "/metrics",
        "/openapi.json",
    }
    assert not re.search(r"https?://|@import|url\(", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_page_never_takes_text_for_markup(http):
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval", http.get("/").text)


def test_every_link_of_the_page_answers(http, page):
    for path in page.all("href") - {"data:,"}:
        assert http.get(path).status_code == 200


def test_the_page_gives_every_order_there_is_in_the_state_it_is_for(http, page):
    paths = http.get("/openapi.json").json()["paths"]
    states = {state for when in page.all("data-when") for state in when.split()}

    assert page.all("data-order") == {path for path in paths if path.startswith("/api/")}
    assert states == set(get_args(State)) - {"stopping", "stopped"}


def test_the_page_is_light_and_dark(http):
    assert "color-scheme: light dark" in http.get("/").text
