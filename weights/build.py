"""What an image is built with, so that a model's weights are in it.

The arguments are those of the backends' Dockerfiles, whose `weights` stage gives them to
`weights.fetch`.
"""

from weights.catalogue import Kind, Model

# The argument of each kind, without _URL and _SHA256.
ARGUMENTS: dict[Kind, str] = {"interactive": "SAM_CHECKPOINT", "segmentation": "SEGMENTATION_MODEL"}
# Where the segmentation's image has its label maps.
LABEL_MAPS = "/app/backends/segmentation/label_maps"


def build_arguments(model: Model) -> dict[str, str]:
    """Return all arguments of a model's kind; those that it does not need are empty.

    Raises:
        WeightsError: its files are not in one folder.
    """
    url, digest = model.source
    name = ARGUMENTS[model.kind]
    arguments = {f"{name}_URL": url, f"{name}_SHA256": digest}
    if model.kind == "segmentation":
        needed = model.label_map and model.files
        label_map = f"{LABEL_MAPS}/{model.label_map}.yaml" if needed else ""
        arguments["SEGMENTATION_LABEL_MAP"] = label_map
    return arguments
