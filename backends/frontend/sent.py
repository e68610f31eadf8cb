"""What of a task is sent to an interactive backend with each click.

Label Studio 1.23.2 sends all of the task's predictions, annotations and the labeler's drafts, with
every mask in them: 3.1 MB a click at 75 masks. A model that answers a click needs the task's data.
"""

from collections.abc import Iterable
from typing import Any

from core.label_config import (  # pyright: ignore[reportMissingImports]
    replace_task_data_undefined_with_config_field,
)
from rest_framework.serializers import ModelSerializer  # pyright: ignore[reportMissingImports]
from tasks.models import Task  # pyright: ignore[reportMissingImports]


class ClickedTask(ModelSerializer):
    """A task as Label Studio's own serializer shows it, without what hangs on it."""

    class Meta:
        model = Task
        fields = ("id", "inner_id", "project", "data", "meta", "created_at", "updated_at")

    def __init__(self, *args: Any, expand: Iterable[str] = (), **kwargs: Any) -> None:
        """Leave out `expand`: it names the predictions, annotations and drafts."""
        super().__init__(*args, **kwargs)

    def to_representation(self, instance: Task) -> dict[str, Any]:
        """Return the task, with imported text under the name that the labeling config uses."""
        replace_task_data_undefined_with_config_field(instance.data, instance.project)
        return super().to_representation(instance)
