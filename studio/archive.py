"""Has the pipeline of docs/batch.md make a project's pre-labels, in an environment of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from studio.buckets.cloud_storage import CloudStorage
from studio.errors import StudioError
from studio.images.find import find_images
from studio.project.project_file import ProjectFile

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".local" / "env" / "batch" / "bin" / "python"


def prepare(project: ProjectFile, output: str, more: Sequence[str]) -> int:
    """Run the pipeline for a project's images; return its exit status.

    Args:
        output: a folder, or gs://bucket/folder.
        more: further arguments of `python -m batch pre-labels`.

    Raises:
        StudioError: its environment cannot be made.
    """
    bootstrap = [sys.executable, str(ROOT / "scripts" / "bootstrap.py"), "batch"]
    if subprocess.run(bootstrap, cwd=ROOT, check=False).returncode:
        raise StudioError("the pipeline's environment cannot be made; see above")
    with tempfile.TemporaryDirectory() as folder:
        command = arguments(project, output, Path(folder), more)
        return subprocess.run([ENVIRONMENT, *command], cwd=ROOT, check=False).returncode


def arguments(project: ProjectFile, output: str, folder: Path, more: Sequence[str]) -> list[str]:
    """Return how the pipeline is called.

    Args:
        folder: for a list of addresses, where neither a folder nor a whole prefix says it.
    """
    source = project.source
    if source.folder:
        images = str(source.folder.resolve())
    elif source.bucket and not (source.glob or source.regex):
        images = f"gs://{source.bucket.bucket}/{source.bucket.prefix}"
    else:
        catalogue = project.catalogue.file if project.catalogue else None
        found = find_images(source, catalogue, CloudStorage())
        addresses = folder / "addresses.txt"
        addresses.write_text("".join(f"{image.source}\n" for image in found.images))
        images = str(addresses)
    place = output if output.startswith("gs://") else str(Path(output).expanduser().resolve())
    config = str(project.labeling_config.resolve())
    return ["-m", "batch", "pre-labels", images, place, "--config", config, *more]
