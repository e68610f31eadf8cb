"""Which columns of a task list Label Studio works out, and which it leaves out."""

import json

# With `fields=all`, which the SDK asks for by itself (tasks/client_ext.py), the database joins the
# text of all masks of each task, only to throw most of it away. A tab's `hiddenColumns` name what
# is not wanted (data_manager/managers.py, get_fields_for_evaluation).
_WITH_MASKS = ("annotations_results", "predictions_results")
_UNUSED = (
    *("annotations_ids", "avg_lead_time", "draft_exists", "file_upload", "predictions_score"),
    "storage_filename",
)


def query_without_masks() -> str:
    """Return the `query` of a task list for which no column is filled with masks."""
    hidden = [f"tasks:{name}" for name in (*_WITH_MASKS, *_UNUSED)]
    return json.dumps({"hiddenColumns": {"explore": hidden, "labeling": hidden}})
