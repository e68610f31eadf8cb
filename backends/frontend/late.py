"""The tasks that a target lacks are written to it, and no others.

Label Studio 1.23.2's own sync writes every annotated task of a project, once for each annotation of
it (save_all_annotations in io_storages/base_models.py). In a bucket with versioning each of these
is another version, for which an older one goes that somebody may want back. So `studio apply` names
the tasks; whoever names none gets Label Studio's own.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections  # pyright: ignore[reportMissingImports]
from django.db.models import Max  # pyright: ignore[reportMissingImports]
from io_storages.gcs.api import GCSExportStorageSyncAPI  # pyright: ignore[reportMissingImports]
from rest_framework.exceptions import ValidationError  # pyright: ignore[reportMissingImports]
from rest_framework.request import Request  # pyright: ignore[reportMissingImports]
from rest_framework.response import Response  # pyright: ignore[reportMissingImports]
from tasks.models import Annotation  # pyright: ignore[reportMissingImports]

from backends.frontend.targets import write_newest

# In one question to the database.
PORTION = 500


class LateTasks(GCSExportStorageSyncAPI):
    """Takes {"tasks": [17, 18]}."""

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        named = request.data.get("tasks") if isinstance(request.data, Mapping) else None
        if named is None:
            return super().post(request, *args, **kwargs)
        if not isinstance(named, list) or not all(type(number) is int for number in named):
            raise ValidationError({"tasks": "a list of the tasks' numbers"})
        storage = self.get_object()
        storage.validate_connection()
        for first in range(0, len(named), PORTION):
            _write(storage, named[first : first + PORTION])
        return Response(self.serializer_class(storage).data)


def _write(storage: Any, tasks: list[int]) -> None:
    """Write each task once, by its newest annotation. What fails is logged, and late still."""
    found = Annotation.objects.filter(project=storage.project_id, task__in=tasks)
    newest = found.values("task").annotate(newest=Max("pk")).values_list("newest", flat=True)

    def write(annotation: int) -> None:
        try:
            write_newest(annotation, lambda sender, instance: storage.save_annotation(instance))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(storage.max_workers) as writers:
        list(writers.map(write, list(newest)))
