"""The peer of import and export: what a person does with Label Studio's own SDK.

    python -m benchmarks.speed.sdk import PROJECT LIST     a call for each address of the list
    python -m benchmarks.speed.sdk export PROJECT FOLDER   all tasks, and the SDK's converter

Run by the operator's Python, as the studio's commands are. LABEL_STUDIO_URL and
LABEL_STUDIO_API_KEY name the server.
"""

import json
import os
import sys
from pathlib import Path

from label_studio_sdk import LabelStudio
from label_studio_sdk.converter.converter import Converter, Format


def import_list(studio: LabelStudio, project: int, addresses: list[str]) -> None:
    """Create a task for each address, one after the other."""
    for address in addresses:
        studio.tasks.create(project=project, data={"image": address})


def export(studio: LabelStudio, project: int, folder: Path) -> None:
    """Write the masks as COCO, as the SDK can; Label Studio's own button leaves masks out."""
    folder.mkdir()
    tasks = folder / "tasks.json"
    tasks.write_text(json.dumps(studio.projects.exports.as_json(project)))
    config = studio.projects.get(project).label_config or ""
    converter = Converter(config, str(folder), download_resources=False)
    converter.convert(str(tasks), str(folder), Format.BRUSH_TO_COCO, is_dir=False)


def main(action: str, project: str, place: str) -> None:
    """Do what the command line asks for."""
    # Of the two it takes the key alone from the environment.
    studio = LabelStudio(base_url=os.environ["LABEL_STUDIO_URL"])
    if action == "import":
        import_list(studio, int(project), Path(place).read_text().split())
    else:
        export(studio, int(project), Path(place))


if __name__ == "__main__":
    main(*sys.argv[1:])
