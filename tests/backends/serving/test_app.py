"""The HTTP contract, with somebody else's model behind it."""

import re
import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from backends.serving.app import create_app
from backends.serving.model_loader import ModelLoader, model_factory
from backends.serving.settings import ServingSettings
from tests.backends.serving import foreign

FOREIGN = "tests.backends.serving.foreign"
AUTH = ("labeler", "s3cret")


def client_of(class_name: str, **environment: str) -> tuple[FlaskClient, ModelLoader]:
    settings = ServingSettings.from_environment(
        {"MODEL_CLASS": f"{FOREIGN}:{class_name}", "MAX_BODY_MB": "1", **environment}
    )
    loader = ModelLoader(
        model_factory(settings.model_class, settings.label_config), settings.model_class
    )
    return create_app(settings, loader).test_client(), loader


def wait_until_settled(loader: ModelLoader) -> None:
    deadline = time.monotonic() + 10
    while loader.state == "LOADING":
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    client, loader = client_of("Plain")
    loader.start()
    wait_until_settled(loader)
    with client:
        yield client


def predict(client: FlaskClient, *images: str, **more: object):
    tasks = [{"id": number, "data": {"image": image}} for number, image in enumerate(images)]
    return client.post("/predict", json={"tasks": tasks, **more})


def choices(answer) -> list[str | None]:
    return [
        item["result"][0]["value"]["choices"][0] if item else None
        for item in answer.get_json()["results"]
    ]


class TestHealth:
    def test_says_ready_with_the_model_version(self, client: FlaskClient) -> None:
        answer = client.get("/health")
        assert answer.status_code == 200
        assert answer.get_json() == {
            "status": "UP",
            "model_class": f"{FOREIGN}:Plain",
            "model_version": "plain-1",
        }

    def test_answers_503_with_progress_while_the_model_loads(self) -> None:
        client, loader = client_of("Slow")
        loader.start()
        started = time.monotonic()
        answer = client.get("/health")
        assert time.monotonic() - started < 0.5
        assert answer.status_code == 503
        assert answer.get_json()["status"] == "LOADING"
        assert "loading, for 0 s" in answer.get_json()["progress"]
        assert client.post("/setup", json={"schema": ""}).status_code == 503
        assert predict(client, "a").status_code == 503
        wait_until_settled(loader)
        assert client.get("/health").status_code == 200

    @pytest.mark.parametrize(
        ("class_name", "said"),
        [
            ("Broken", "RuntimeError: no such weights"),
            ("NotAModel", "not a subclass of label_studio_ml's LabelStudioMLBase"),
            ("Missing", "not a subclass"),
        ],
    )
    def test_tells_why_loading_failed(self, class_name: str, said: str) -> None:
        client, loader = client_of(class_name)
        loader.start()
        wait_until_settled(loader)
        answer = client.get("/health")
        assert answer.status_code == 503
        assert answer.get_json()["status"] == "FAILED"
        assert said in answer.get_json()["message"]


class TestPredict:
    def test_answers_one_result_per_task_in_order(self, client: FlaskClient) -> None:
        answer = predict(client, "a", "b", "c")
        assert choices(answer) == ["a", "b", "c"]
        assert [item["model_version"] for item in answer.get_json()["results"]] == ["plain-1"] * 3

    def test_a_task_on_which_the_model_fails_is_left_open_and_its_neighbours_get_theirs(
        self, client: FlaskClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = predict(client, "a", "bad", "c")
        assert answer.status_code == 200
        assert choices(answer) == ["a", None, "c"]
        assert "secret-of-the-model" not in answer.text
        assert "task 1 failed" in caplog.text

    def test_a_wrong_number_of_answers_is_mended_task_by_task(self, client: FlaskClient) -> None:
        assert choices(predict(client, "a", "one too few")) == ["a", None]

    def test_no_tasks_give_no_results(self, client: FlaskClient) -> None:
        assert predict(client).get_json()["results"] == []

    def test_the_context_reaches_the_model(self, client: FlaskClient) -> None:
        context = {"result": [{"value": {"x": 1}}]}
        answer = predict(client, "a", params={"context": context, "login": None})
        assert answer.get_json()["results"][0]["result"][0]["value"]["context"] == context

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"", "not JSON"),
            (b"{", "not JSON"),
            (b"[" * 100_000, "not JSON"),
            (b'{"tasks": NaN}', "not JSON"),
            (b"\xff\xfe", "not JSON"),
            (b"[]", "must be a JSON object, not a list"),
            (b"null", "must be a JSON object, not null"),
            (b"7", "must be a JSON object, not a number"),
            (b"{}", "tasks is missing"),
            (b'{"tasks": null}', "tasks must be a list"),
            (b'{"tasks": {}}', "tasks must be a list of tasks, not an object"),
            (b'{"tasks": ["a"]}', r"tasks\[0\] must be an object, not text"),
            (b'{"tasks": [{"data": {}}, {"id": 1}]}', r"tasks\[1\].data"),
            (b'{"tasks": [{"data": "x"}]}', r"tasks\[0\].data"),
            (b'{"tasks": [], "label_config": 5}', "label_config must be text"),
            (b'{"tasks": [], "params": []}', "params must be an object"),
            (b'{"tasks": [], "params": {"context": "x"}}', "context must be an object"),
            (b'{"tasks": [], "params": {"context": {"result": {}}}}', "result must be a list"),
            (b'{"tasks": [], "params": {"context": {"result": [1]}}}', r"result\[0\]"),
            (b'{"tasks": [], "params": {"context": {"result": [{}]}}}', r"result\[0\]"),
        ],
    )
    def test_a_malformed_body_gets_400_and_one_sentence(
        self, client: FlaskClient, body: bytes, said: str
    ) -> None:
        answer = client.post("/predict", data=body, content_type="application/json")
        assert answer.status_code == 400
        assert set(answer.get_json()) == {"error"}
        assert "\n" not in answer.get_json()["error"]
        assert "Traceback" not in answer.text
        assert re.search(said, answer.get_json()["error"])

    def test_a_body_over_the_limit_gets_413(self, client: FlaskClient) -> None:
        answer = client.post("/predict", data=b"x" * (1024 * 1024 + 1))
        assert answer.status_code == 413
        assert answer.get_json() == {"error": "the body is over the limit of 1048576 bytes"}


class TestFourOutcomes:
    """A result and nothing here are the model's own answers; these are the other two."""

    @pytest.fixture
    def client(self) -> FlaskClient:
        client, loader = client_of("Stuck")
        loader.load_now()
        return client

    def test_what_cannot_be_answered_now_is_left_open_and_its_neighbours_are_answered(
        self, client: FlaskClient
    ) -> None:
        results = predict(client, "a", "later", "c").get_json()["results"]
        assert [bool(item) for item in results] == [True, False, True]
        assert results[1] == []
        assert predict(client, "later").get_json()["results"] == [[]]

    def test_what_cannot_be_answered_at_all_is_stored_once_with_the_reason(
        self, client: FlaskClient
    ) -> None:
        (refused,) = predict(client, "damaged").get_json()["results"]
        version = "plain-1 cannot: is damaged"
        assert refused == {"result": [], "score": None, "model_version": version}
        # Label Studio asks again whenever the model's own version is not among the predictions.
        task = {"id": 1, "data": {"image": "damaged"}, "predictions": [{"model_version": version}]}
        assert client.post("/predict", json={"tasks": [task]}).get_json()["results"] == [[]]

    @pytest.mark.parametrize(
        ("image", "status", "said"),
        [
            ("damaged", 422, "damaged.jpg: is damaged"),
            ("later", 503, "later.jpg: its server sleeps"),
            ("bad", 503, "the model failed on it; the backend's log says how"),
        ],
    )
    def test_a_click_gets_an_error_with_the_sentence_in_its_status_line(
        self, client: FlaskClient, image: str, status: int, said: str
    ) -> None:
        answer = predict(client, image, params={"context": {"result": []}})
        assert answer.status == f"{status} {said}"
        assert answer.get_json() == {"error": said}
        assert ("Retry-After" in answer.headers) == (status == 503)

    def test_the_reasons_are_there_to_be_asked_for_until_the_task_is_answered(
        self, client: FlaskClient
    ) -> None:
        predict(client, "a", "later", "damaged")
        noted = {item["task"]: item for item in client.get("/failures").get_json()["failures"]}
        assert noted[1] == {"task": 1, "kind": "cannot now", "reason": "its server sleeps"}
        assert noted[2] == {"task": 2, "kind": "cannot", "reason": "is damaged"}
        assert 0 not in noted
        predict(client, "a", "b", "c")
        left = {item["task"] for item in client.get("/failures").get_json()["failures"]}
        assert left.isdisjoint({0, 1, 2})

    def test_a_lost_device_is_told_by_health_and_by_every_later_answer(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        client, loader = client_of("Stuck")
        loader.load_now()
        answer = predict(client, "a", "lost")
        assert answer.status_code == 503
        said = "the device is lost (CUDA error: device-side assert triggered)"
        assert said in answer.get_json()["error"]
        health = client.get("/health")
        assert health.status_code == 503
        assert health.get_json()["status"] == "LOST"
        assert said in health.get_json()["progress"]
        assert predict(client, "a").status_code == 503
        assert caplog.text.count(said) == 1


class TestLabelStudioMl2:
    """Its models cannot be installed from PyPI; what they answer is understood."""

    @pytest.fixture
    def client(self) -> FlaskClient:
        client, loader = client_of("Version2")
        loader.load_now()
        return client

    def test_a_model_response_is_taken_with_its_version(self, client: FlaskClient) -> None:
        answer = predict(client, "a", "b")
        assert choices(answer) == ["a", "b"]
        results = answer.get_json()["results"]
        assert [item["model_version"] for item in results] == ["response-7"] * 2
        assert [item["score"] for item in results] == [0.5, 0.5]

    def test_several_predictions_of_one_task_are_taken(self, client: FlaskClient) -> None:
        (several,) = predict(client, "several").get_json()["results"]
        assert [item["model_version"] for item in several] == ["response-7"] * 2


class TestOtherRoutes:
    def test_setup_names_the_model_version(self, client: FlaskClient) -> None:
        answer = client.post("/setup", json={"project": "1.2", "schema": "", "extra_params": None})
        assert answer.get_json() == {"model_version": "plain-1"}

    def test_setup_takes_any_labeling_config_of_somebody_elses_model(
        self, client: FlaskClient
    ) -> None:
        schema = (
            '<View><Text name="t" value="$t"/>'
            '<Choices name="c" toName="t"><Choice value="a"/></Choices></View>'
        )
        assert client.post("/setup", json={"schema": schema}).status_code == 200

    def test_versions_lists_it(self, client: FlaskClient) -> None:
        assert client.get("/versions").get_json() == {"versions": ["plain-1"]}
        assert client.post("/versions", json={}).get_json() == {"versions": ["plain-1"]}

    def test_webhooks_are_taken_at_once(self, client: FlaskClient) -> None:
        assert client.post("/webhook", json={"action": "ANNOTATION_CREATED"}).status_code == 201

    def test_a_model_that_prepares_nothing_has_no_such_route(self, client: FlaskClient) -> None:
        answer = client.post("/prepare", json={"tasks": []})
        assert (answer.status_code, answer.get_json()) == (
            404,
            {"error": "there is no /prepare here"},
        )
        created = {"action": "TASKS_CREATED", "tasks": []}
        assert client.post("/webhook", json=created).get_json() == {"status": "ignored"}

    def test_metrics_count_requests_by_route_and_status(self, client: FlaskClient) -> None:
        predict(client, "a")
        text = client.get("/metrics").text
        assert 'atelier_requests_total{route="predict_tasks",status="200"}' in text
        assert 'atelier_request_seconds_count{route="predict_tasks"}' in text

    @pytest.mark.parametrize(
        ("method", "path", "status", "said"),
        [
            ("GET", "/nothing", 404, "there is no /nothing here"),
            ("GET", "/predict", 405, "/predict does not take GET"),
            ("PUT", "/health", 405, "/health does not take PUT"),
        ],
    )
    def test_wrong_routes_are_explained(
        self, client: FlaskClient, method: str, path: str, status: int, said: str
    ) -> None:
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.get_json()) == (status, {"error": said})

    def test_our_own_fault_shows_an_id_and_no_traceback(
        self, client: FlaskClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        client.application.view_functions["versions"] = lambda: str(1 / 0)
        client.application.testing = False
        answer = client.get("/versions")
        assert answer.status_code == 500
        assert "ZeroDivisionError" not in answer.text
        number = answer.get_json()["error"].split()[2].rstrip(";")
        assert f"fault {number}" in caplog.text
        assert "ZeroDivisionError" in caplog.text


class TestBasicAuth:
    @pytest.fixture
    def guarded(self) -> FlaskClient:
        client, loader = client_of("Plain", BASIC_AUTH_USER=AUTH[0], BASIC_AUTH_PASS=AUTH[1])
        loader.start()
        wait_until_settled(loader)
        return client

    def test_health_is_open(self, guarded: FlaskClient) -> None:
        assert guarded.get("/health").status_code == 200

    @pytest.mark.parametrize(
        "route",
        [
            "/setup",
            "/predict",
            "/prepare",
            "/failures",
            "/versions",
            "/webhook",
            "/metrics",
            "/nothing",
        ],
    )
    @pytest.mark.parametrize("auth", [None, ("labeler", "wrong"), ("", ""), ("labelér", "s3cret")])
    def test_all_else_is_closed(
        self, guarded: FlaskClient, route: str, auth: tuple[str, str] | None
    ) -> None:
        answer = guarded.post(route, json={"tasks": []}, auth=auth)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")

    def test_the_right_password_opens(self, guarded: FlaskClient) -> None:
        assert guarded.post("/predict", json={"tasks": []}, auth=AUTH).status_code == 200


def test_a_model_that_needs_a_labeling_config_gets_the_given_one(tmp_path) -> None:
    config = tmp_path / "config.xml"
    config.write_text(
        '<View><Text name="t" value="$t"/>'
        '<Choices name="c" toName="t"><Choice value="a"/></Choices></View>'
    )
    client, loader = client_of("NeedsConfig", LABEL_CONFIG=str(config))
    loader.start()
    wait_until_settled(loader)
    assert client.get("/health").status_code == 200
    assert loader.model.__dict__["from_name"] == "c"


def test_one_model_object_serves_every_request(client: FlaskClient) -> None:
    made = foreign.Plain.made
    predict(client, "a")
    predict(client, "b", "bad")
    client.post("/setup", json={"schema": ""})
    assert foreign.Plain.made == made
