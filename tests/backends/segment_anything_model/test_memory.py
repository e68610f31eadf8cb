"""Several people click on large images at once: the process works on one of these at a time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.files import TOKEN, Files
from tests.backends.segment_anything_model.conftest import photo
from tests.backends.segment_anything_model.test_backend import CONFIG, click

pytestmark = [
    pytest.mark.integration,  # Seconds of decoding, in processes of their own.
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux forgets a process's peak"),
]

ROOT = Path(__file__).parents[3]
SIDE = 4000
PIXELS = SIDE * SIDE
PEOPLE = 4
# Prints how far the resident memory rises above where it was, in bytes: for people who all click on
# an image that is new, each on another, and then for one more click of each.
MEASURE = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from backends.segment_anything_model.engine import SegmentAnythingEngine
from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.serving.errors import BadRequest

environment, config, prompt, urls = json.loads(sys.argv[1])
engine = SegmentAnythingEngine(SegmentAnythingSettings.from_environment(environment))

def click(url):
    task = {"id": 1, "data": {"photo": url}}
    try:
        engine.answer([task], config, {"result": [prompt]})
    except BadRequest as error:  # It took as much memory.
        assert "found nothing there" in str(error), error

def resident(line):
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition(line)[2].split()[0])

def rise(clicked):
    before = resident("VmRSS:")
    Path("/proc/self/clear_refs").write_text("5")
    list(people.map(click, clicked))
    return resident("VmHWM:") - before

small, *large = urls
with ThreadPoolExecutor(len(large)) as people:
    click(small)
    print(json.dumps([rise(large), rise(large)]))
"""


def rises(files: Files, checkpoint: Path, people: int) -> list[int]:
    """What clicks of so many people at once take on top, on new images and on known ones: bytes."""
    environment = {
        "SAM_CHECKPOINT": str(checkpoint),
        "SAM_REFINE": "none",
        "LABEL_STUDIO_URL": files.url,
        "LABEL_STUDIO_API_KEY": TOKEN,
        "IMAGE_MAX_MEGAPIXELS": str(PIXELS // 10**6),
        "IMAGE_TIMEOUT_SECONDS": "60",
    }
    urls = [files.put("small.png", photo(0))]
    urls += [files.put(f"{n}.png", photo(n, SIDE, SIDE)) for n in range(1, people + 1)]
    # Freed memory goes back to the system at once: what is left is what is held.
    process = {**os.environ, "PYTHONPATH": str(ROOT), "MALLOC_TRIM_THRESHOLD_": "100000"}
    process |= {"MALLOC_MMAP_THRESHOLD_": "100000", "OMP_NUM_THREADS": "1"}
    asked = json.dumps([environment, CONFIG, click(30, 40), urls])
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, asked], env=process, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_memory_of_clicks_is_that_of_one_large_image_however_many_click(
    files: Files, checkpoint: Path
) -> None:
    alone, together = rises(files, checkpoint, 1), rises(files, checkpoint, PEOPLE)
    for what, one, several in zip(("new", "known"), alone, together, strict=True):
        per_pixel = [round(count / PIXELS, 1) for count in (one, several)]
        print(f"{what} images: {per_pixel} bytes a pixel, of one person and of {PEOPLE}")
        # One is read while another's mask is made. All at a time would take four times as much.
        assert several < 2 * one, what
