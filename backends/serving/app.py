"""The ML-backend HTTP contract of Label Studio 1.23.2 on Flask, for any LabelStudioMLBase."""

import hmac
import logging
import threading
import time
import uuid
from typing import Any

import orjson
from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge

from backends.serving import failures, payloads
from backends.serving.errors import BadRequest, Busy, DeviceLost, Unanswered
from backends.serving.metrics import LATENCY, REQUESTS
from backends.serving.model_loader import ModelLoader
from backends.serving.predictions import predict
from backends.serving.settings import ServingSettings
from masks.errors import LabelingConfigError

log = logging.getLogger(__name__)

# Label Studio gives /health one second: it must never wait for anything.
OPEN_ROUTES = frozenset({"health"})
_MAX_REASON = 500


def create_app(settings: ServingSettings, loader: ModelLoader) -> Flask:
    """Return the service for the model that `loader` brings.

    Routes: GET / and /health, POST /setup, POST /predict, POST /prepare, GET /failures, GET and
    POST /versions, POST /webhook, GET /metrics. All but /health ask for basic auth when the
    settings have it. A request that cannot be answered gets 4xx, or 503 where asking again may
    help, and {"error": one sentence}; a fault of ours gets 500 with an id that the log repeats.
    """
    app = Flask("atelier", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    default_config = settings.label_config.read_text() if settings.label_config else None
    # Of the server's threads some are left for everything else: see `settings.RESERVE`.
    places = threading.BoundedSemaphore(settings.threads)
    _guard(app, settings)
    _count(app)
    _explain_errors(app, loader)

    @app.get("/")
    @app.get("/health")
    def health() -> Response:
        body = {
            "status": loader.state,
            "model_class": loader.model_class,
            "model_version": loader.model_version if loader.state == "UP" else None,
        }
        if loader.device_name:
            body["device"] = loader.device_name
        if loader.precision:
            body["precision"] = loader.precision
        if loader.state == "UP":
            return _json(body)
        told = "message" if loader.state == "FAILED" else "progress"
        return _json({**body, told: loader.progress}, 503)

    @app.post("/setup")
    def setup() -> Response:
        schema = payloads.setup_schema(payloads.json_object(_body(settings.max_body_bytes)))
        # Ours say at once what a config lacks; another's model may need nothing of the kind.
        check = getattr(loader.model, "check_labeling_config", None)
        if schema and check is not None:
            check(schema)
        return _json({"model_version": loader.model_version})

    @app.post("/predict")
    def predict_tasks() -> Response:
        if not places.acquire(blocking=False):
            raise Busy(f"{settings.threads} requests are being answered; try again in a moment")
        try:
            wanted = payloads.predict_request(
                payloads.json_object(_body(settings.max_body_bytes)), default_config
            )
            version = loader.model_version
            results = predict(loader.model, wanted, version)
            return _json({"results": results, "model_version": version})
        finally:
            places.release()

    @app.get("/failures")
    def failed_tasks() -> Response:
        return _json({"failures": failures.noted()})

    @app.route("/versions", methods=["GET", "POST"])
    def versions() -> Response:
        _ = loader.model
        return _json({"versions": [loader.model_version]})

    @app.post("/prepare")
    def prepare() -> Response:
        body = payloads.json_object(_body(settings.max_body_bytes))
        wanted = payloads.predict_request(body, default_config)
        # What another's model does not know is not there, as with another's server.
        get_ready = getattr(loader.model, "prepare", None)
        if get_ready is None:
            raise NotFound
        return _json(get_ready(wanted.tasks, wanted.label_config, str(body.get("why") or "opened")))

    @app.post("/webhook")
    def webhook() -> Response:
        # Label Studio waits one second for this, and nothing here learns from annotations.
        body = payloads.json_object(_body(settings.max_body_bytes))
        get_ready = getattr(loader.model_or_none, "prepare", None)
        if body.get("action") != "TASKS_CREATED" or get_ready is None:
            return _json({"status": "ignored"}, 201)
        wanted = payloads.created_tasks(body)
        get_ready(wanted.tasks, wanted.label_config, "created")
        return _json({"status": "preparing"}, 201)

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return app


def _body(limit: int) -> bytes:
    """The request's body. Raises 413 where werkzeug, for a body without a declared length, would
    hand on the part within the limit as if it were all.
    """
    data = request.get_data()
    if request.content_length is None and len(data) >= limit:
        raise RequestEntityTooLarge
    return data


def _guard(app: Flask, settings: ServingSettings) -> None:
    if settings.basic_auth_user is None or settings.basic_auth_pass is None:
        if settings.host not in ("127.0.0.1", "::1", "localhost"):
            log.warning("no BASIC_AUTH_USER: anyone who reaches %s may use it", settings.host)
        return
    user = settings.basic_auth_user.encode()
    password = settings.basic_auth_pass.get_secret_value().encode()

    @app.before_request
    def check() -> Response | None:
        if request.endpoint in OPEN_ROUTES:
            return None
        given = request.authorization
        known = (
            given is not None
            and given.type == "basic"
            and hmac.compare_digest((given.username or "").encode(), user)
            and hmac.compare_digest((given.password or "").encode(), password)
        )
        if known:
            return None
        answer = _json({"error": "wrong or missing basic auth user and password"}, 401)
        answer.headers["WWW-Authenticate"] = 'Basic realm="atelier"'
        return answer


def _count(app: Flask) -> None:
    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        route = request.endpoint or "unknown"
        REQUESTS.labels(route, str(response.status_code)).inc()
        if "started" in g:
            LATENCY.labels(route).observe(time.perf_counter() - g.started)
        return response


def _explain_errors(app: Flask, loader: ModelLoader) -> None:
    @app.errorhandler(BadRequest)
    @app.errorhandler(LabelingConfigError)
    def bad_request(error: BadRequest | LabelingConfigError) -> Response:
        return _refusal(400, str(error))

    @app.errorhandler(Unanswered)
    def unanswered(error: Unanswered) -> Response:
        if error.kind == "cannot":
            return _refusal(422, str(error))
        if isinstance(error, DeviceLost):
            loader.lose(str(error))
        answer = _refusal(503, str(error))
        answer.headers["Retry-After"] = "5"
        return answer

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        sentences = {
            404: f"there is no {request.path} here",
            405: f"{request.path} does not take {request.method}",
            413: f"the body is over the limit of {app.config['MAX_CONTENT_LENGTH']} bytes",
        }
        code = error.code or 500
        return _json({"error": sentences.get(code, error.description or error.name)}, code)

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        number = uuid.uuid4().hex[:12]
        log.error("fault %s on %s %s", number, request.method, request.path, exc_info=error)
        return _refusal(500, f"internal fault {number}; the service's log has the details")


def _refusal(status: int, sentence: str) -> Response:
    """An error whose sentence is in the body and in the status line.

    Label Studio reads no body of an error: what it hands on is requests' HTTPError, which quotes
    the status line's reason (ml/api_connector.py, `_request`).
    """
    answer = _json({"error": sentence}, status)
    reason = " ".join(sentence.split()).encode("latin-1", "replace").decode("latin-1")
    answer.status = f"{status} {reason[:_MAX_REASON]}"
    return answer


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, content_type="application/json")
