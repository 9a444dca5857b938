import json

import pytest
from prometheus_client import Counter
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from playlista.errors import StoreBusy


def test_health_is_200_while_every_loop_moves(http):
    answer = http.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"alive": True, "reasons": []})


def test_health_is_503_with_the_reasons_when_one_is_stuck(http, daemon):
    reasons = ["scan has not moved for 31.0 s (limit 30 s)"]
    daemon.alive = lambda: (False, reasons)

    answer = http.get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {"alive": False, "reasons": reasons}


def test_ready_is_503_until_it_is_not(http, daemon):
    daemon.ready = lambda: (False, ["the first scan runs"])
    before = http.get("/readyz")
    daemon.ready = lambda: (True, [])
    after = http.get("/readyz")

    assert before.status_code == 503
    assert before.json() == {"ready": False, "reasons": ["the first scan runs"]}
    assert (after.status_code, after.json()) == (200, {"ready": True, "reasons": []})


def test_the_status_is_what_the_daemon_says(http, daemon):
    answer = http.get("/status").json()

    (root,) = answer["watch"]["roots"]
    assert root.pop("why") is None
    assert answer == daemon.status


def test_unknown_is_null_and_not_left_out(http, daemon):
    daemon.status["memory"]["used_ratio"] = None

    assert http.get("/status").json()["memory"]["used_ratio"] is None


@pytest.mark.parametrize("break_it", [dict.clear, lambda status: status.update(surprise=1)])
def test_a_status_against_the_contract_is_a_bug_and_said_to_be_one(http, daemon, break_it):
    break_it(daemon.status)

    answer = http.get("/status")

    assert answer.status_code == 500
    assert answer.json() == {"detail": "a bug, see the log: ValidationError"}


def test_a_busy_database_is_503_and_says_when_to_come_back(http, daemon):
    daemon.status = StoreBusy("database is locked", 1.5)

    answer = http.get("/status")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json() == {"detail": "database is locked (again in 1.5 s)"}


def test_performance_says_how_fast(http, daemon):
    assert http.get("/performance").json() == daemon.performance()


def test_model_info_says_what_listens(http, daemon):
    assert http.get("/model_info").json() == daemon.model()


def test_metrics_are_the_registry_given(http, daemon):
    Counter("playlista_analyses", "Finished.", registry=daemon.registry).inc(3)

    answer = http.get("/metrics")

    samples = {s.name: s.value for family in read_text(answer.text) for s in family.samples}
    assert samples["playlista_analyses_total"] == 3
    assert answer.headers["content-type"].startswith("text/plain; version=")


def test_a_scraper_may_ask_for_openmetrics(http, daemon):
    Counter("playlista_analyses", "Finished.", registry=daemon.registry).inc(3)
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"

    answer = http.get("/metrics", headers={"Accept": accept})

    families = {family.name: family for family in read_openmetrics(answer.text)}
    assert families["playlista_analyses"].type == "counter"
    assert answer.headers["content-type"].startswith("application/openmetrics-text")


def test_an_unknown_url_is_404_in_json(http):
    answer = http.get("/nothing")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_fact_cannot_be_changed_from_here(http, method):
    for path in http.get("/openapi.json").json()["paths"]:
        if not path.startswith("/api/"):
            assert http.request(method, path).status_code == 405


@pytest.mark.parametrize("order", ["pause", "resume"])
def test_an_order_is_passed_on_and_answered_without_content(http, daemon, order):
    answer = http.post(f"/api/{order}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert daemon.orders == [order]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_looking_at_an_order_does_not_give_it(http, daemon, method):
    assert http.request(method, "/api/pause").status_code == 405
    assert daemon.orders == []


def test_the_table_is_the_contract(http):
    assert set(http.get("/openapi.json").json()["paths"]) == {
        "/",
        "/metrics",
        "/healthz",
        "/readyz",
        "/status",
        "/performance",
        "/model_info",
        "/api/pause",
        "/api/resume",
    }


def test_openapi_explains_every_number_of_the_status(http):
    shapes = http.get("/openapi.json").json()["components"]["schemas"]

    silent = [
        (shape, name)
        for shape in ("Tracks", "Backlog", "Workers", "Memory", "Performance")
        for name, field in shapes[shape]["properties"].items()
        if "description" not in field and "$ref" not in field
    ]
    assert silent == []


def test_no_page_of_the_server_loads_code_from_elsewhere(http):
    """FastAPI's own /docs and /redoc would."""
    assert [http.get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]


def test_answers_are_one_line(http):
    for path in ("/status", "/healthz", "/nothing"):
        text = http.get(path).text
        assert json.loads(text)
        assert "\n" not in text
