"""Clicks that could not be answered: the editor shows why.

Label Studio 1.23.2 answers 200 and `{"errors": [...]}` when a backend fails. Its editor ignores
that, and nothing happens on the screen (DataManager.jsx in web/dist takes `data` alone). An error
status makes the page show the sentence under `detail`; for 4xx that is a toast of ten seconds
(libs/core's api-provider.tsx, ApiProvider.tsx).
"""

import re
from typing import Any

from django.http import HttpRequest  # pyright: ignore[reportMissingImports]
from ml.api import (  # pyright: ignore[reportMissingImports]
    MLBackendInteractiveAnnotating,
)
from ml.models import MLBackend  # pyright: ignore[reportMissingImports]
from rest_framework.response import Response  # pyright: ignore[reportMissingImports]
from tasks.models import Task  # pyright: ignore[reportMissingImports]

# requests' words for an error status, around the sentence that our backends put into the status
# line.
_TOLD = re.compile(r"\d{3} (?:Client|Server) Error: (?P<sentence>.+?) for url: \S+", re.DOTALL)
_TIME_OUT = re.compile(r"read timed out|connect timeout", re.IGNORECASE)
NOBODY = (
    "The model gives no answer: its backend is down, or is just starting. Try again in a minute"
)
TOO_LATE = "The model took too long to answer. Try again in a minute"


class Clicks(MLBackendInteractiveAnnotating):
    """Label Studio's own view, whose errors reach the page, with a query less."""

    def _get_task(self, ml_backend: MLBackend, validated_data: dict[str, Any]) -> Task:
        task = super()._get_task(ml_backend, validated_data)
        # It was looked for in this project, which is here already.
        task.project = ml_backend.project
        return task

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> Response:
        answer = super().post(request, *args, **kwargs)
        errors = answer.data.get("errors") if isinstance(answer.data, dict) else None
        if errors:
            told = [explained(str(error)) for error in errors]
            return Response({"errors": told, "detail": "; ".join(told)}, status=422)
        return answer


def explained(error: str) -> str:
    """Return an error of Label Studio's client for backends in a labeler's words."""
    if (told := _TOLD.fullmatch(error.strip())) is not None:
        return told["sentence"]
    if _TIME_OUT.search(error):
        return TOO_LATE
    if "HTTPConnectionPool" in error or "HTTPSConnectionPool" in error or "Connection" in error:
        return NOBODY
    return error
