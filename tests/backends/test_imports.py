"""The models run elsewhere too: nothing of them needs the server or a cloud's client."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOR_SERVERS = ("flask", "gunicorn", "google", "label_studio_ml", "redis")


@pytest.mark.integration  # Importing transformers anew takes seconds.
@pytest.mark.parametrize(
    "module",
    ["backends.segmentation.engine", "backends.segment_anything_model.engine", "masks.regions"],
)
def test_a_model_and_its_engine_are_imported_without_what_only_servers_need(module: str) -> None:
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({FOR_SERVERS!r}))\n"  # Importing one of them raises.
        f"import {module}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_server_imports_nothing_heavy_before_it_answers() -> None:
    code = (
        "import sys\nimport backends.serving.__main__\n"
        "print(*{'numpy', 'PIL', 'torch', 'google.cloud'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
