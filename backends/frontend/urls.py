"""Label Studio's own addresses, minus one that calls a host outside, with errors that show.

The pages come from an address of ours, where they are changed.
"""

from core.urls import urlpatterns as label_studio  # pyright: ignore[reportMissingImports]
from django.http import HttpRequest, JsonResponse  # pyright: ignore[reportMissingImports]
from django.urls import path  # pyright: ignore[reportMissingImports]

from backends.frontend.editor import pages
from backends.frontend.interactive import Clicks
from backends.frontend.late import LateTasks
from backends.frontend.opened import Actions, OpenedTask
from backends.frontend.uploads import Upload


def no_tips(request: HttpRequest) -> JsonResponse:
    """Answer as Label Studio does when it cannot reach the host outside: the page shows its own."""
    return JsonResponse({}, status=404)


urlpatterns = [
    path("heidi-tips/", no_tips, name="heidi_tips"),
    path("api/ml/<int:pk>/interactive-annotating", Clicks.as_view()),
    path("editor-<slug:asked>/react-app/<path:file>", pages.page),
    path("api/editor-changes/", pages.changes),
    path("data/upload/<path:filename>", Upload.as_view(), name="data-upload"),
    path("api/tasks/<int:pk>/", OpenedTask.as_view()),
    path("api/dm/actions/", Actions.as_view()),
    path("api/storages/export/gcs/<int:pk>/sync", LateTasks.as_view()),
    *label_studio,
]
