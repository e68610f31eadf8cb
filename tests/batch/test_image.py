"""What the image for jobs is built from, read as text: no daemon is needed."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "batch" / "Dockerfile").read_text()


def stages(text: str) -> dict[str, str]:
    """Return the text of each stage by its name; the last one is called `image`."""
    parts = re.split(r"^(?=FROM )", text, flags=re.MULTILINE)[1:]
    named = [re.match(r"FROM \S+ AS (\w+)", part) for part in parts]
    return {name[1] if name else "image": part for name, part in zip(named, parts, strict=True)}


def test_its_first_layers_are_the_backends_so_that_torch_is_built_and_pushed_once() -> None:
    backend = (ROOT / "backends" / "segmentation" / "Dockerfile").read_text()
    own, theirs = stages(TEXT), stages(backend)
    assert {name: own[name] for name in ("uv", "base", "packages")} == {
        name: theirs[name] for name in ("uv", "base", "packages")
    }
    python = re.search(r"^ARG PYTHON_IMAGE=\S+$", backend, re.MULTILINE)
    assert python is not None
    assert python[0] in TEXT


def test_a_worker_is_started_by_the_program_of_the_same_beam_for_the_same_python() -> None:
    beam = re.search(r"^apache-beam==(\S+)", (ROOT / "batch/requirements.txt").read_text(), re.M)
    python = re.search(r"PYTHON_IMAGE=python:(\d+\.\d+)", TEXT)
    assert beam is not None
    assert python is not None
    assert f"\nARG BEAM_IMAGE=apache/beam_python{python[1]}_sdk:{beam[1]}\n" in TEXT
    assert '\nENTRYPOINT ["/opt/apache/beam/boot"]\n' in stages(TEXT)["dataflow"]


def test_cloud_run_needs_nothing_of_beams_image_and_runs_as_nobody_in_particular() -> None:
    own = stages(TEXT)
    assert "USER 10001:10001\n" in own["cloudrun"]
    assert own["image"].startswith("FROM ${RUNNER}\n")
    assert TEXT.count("--from=beam") == own["dataflow"].count("--from=beam") == 1


def test_what_is_let_in_is_what_is_copied_or_mounted() -> None:
    lines = (ROOT / "batch" / "Dockerfile.dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = set(re.findall(r"^COPY (?:--chmod=755 )?([a-z]\S*) ", TEXT, re.MULTILINE))
    mounted = set(re.findall(r"type=bind,source=([a-z]\S*?),", TEXT))
    assert let_in - {"batch"} == (copied | mounted) - {"batch", "batch/requirements.txt"}
    assert {"batch", "batch/requirements.txt"} <= copied | mounted
