"""`apply` is killed in the middle of an import, and run again: every image is there, and once."""

import os
import subprocess
import sys
import time
from collections import Counter

import pytest

from studio.label_studio.importing import MAX_FILES
from tests.label_studio import ROOT
from tests.studio.conftest import Workplace

pytestmark = pytest.mark.integration

KILLS = 2
IMAGES = 2 * KILLS * MAX_FILES
PATIENCE_SECONDS = 120


def begun(workplace: Workplace) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "LABEL_STUDIO_URL": workplace.label_studio.url,
        "LABEL_STUDIO_API_KEY": workplace.label_studio.token,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "studio", "apply", str(workplace.file)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def count(workplace: Workplace) -> int:
    return workplace.project()["task_number"]


def sources(workplace: Workplace) -> Counter[str]:
    """How many tasks each image has."""
    export = f"/api/projects/{workplace.project()['id']}/export"
    query = {"exportType": "JSON", "download_all_tasks": "true"}
    tasks = workplace.label_studio.get(export, params=query).json()
    return Counter(task["data"]["source"] for task in tasks)


def test_an_import_that_is_killed_again_and_again_takes_every_image_once(
    workplace: Workplace,
) -> None:
    workplace.apply()
    names = [f"{number}.png" for number in range(IMAGES)]
    workplace.add_images(*names)
    for kill in range(KILLS):
        before = count(workplace)
        process = begun(workplace)
        ends = time.monotonic() + PATIENCE_SECONDS
        while count(workplace) == before:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < ends
            time.sleep(0.02)
        # While files go there, and later.
        time.sleep(0.4 * kill)
        process.kill()
        process.communicate()
    assert count(workplace) < IMAGES
    # At once: what Label Studio was asked for last may still be at work there.
    process = begun(workplace)
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, said
    assert sources(workplace) == dict.fromkeys([*names, "a.png", "b.png", "c.png"], 1)
    assert "nothing to change" in workplace.apply()
