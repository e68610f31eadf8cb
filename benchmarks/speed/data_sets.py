"""Figures of the ways in and out: images a second and peak memory, beside the SDK's own.

Both sides ask the same Label Studio, by the same Python. The SDK's ways are slow and go on as they
began, so a part of the images is enough for them. Their memory is that of this part.
"""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.clicks import CONFIG
from benchmarks.speed.run import Run
from benchmarks.speed.servers import ROOT
from benchmarks.speed.studios import TOKEN, Studio, our_studio, python_with_browser, task

IMPORTED, EXPORTED = 10_000, 2_000
# What the SDK is asked to do of it.
ONE_BY_ONE, CONVERTED = 300, 100
MASKS, SIZE = 3, "0.5"
# In one request; each has all its masks.
AT_ONCE = 100
LOOK_SECONDS = 0.02
# Nobody looks at the images.
HOST = "https://images.example.org"


@dataclass(frozen=True)
class Done:
    """What a command took: seconds, and its most resident memory in bytes."""

    seconds: float
    memory: int

    def told(self, images: int) -> str:
        return f"{images / self.seconds:.3g} images/s, {self.memory / 1e6:.0f} MB, for {images:,}"


def measure(run: Run) -> None:
    """Measure the group `data-sets`."""
    with our_studio(run.folder) as studio:
        if run.want("import_rate", "import_memory"):
            _import(run, studio)
        if run.want("export_rate", "export_memory"):
            _export(run, studio)


def _import(run: Run, studio: Studio) -> None:
    count, few = run.samples(IMPORTED, 400), run.samples(ONE_BY_ONE, 20)
    folder = run.folder / "import"
    folder.mkdir()
    addresses = [f"{HOST}/{number}.jpg" for number in range(count)]
    (folder / "all.txt").write_text("\n".join(addresses))
    (folder / "few.txt").write_text("\n".join(addresses[:few]))
    (folder / "labels.xml").write_text(CONFIG)
    wish = {"title": "Imported", "labeling_config": "labels.xml", "source": {"list": "all.txt"}}
    (folder / "project.yaml").write_text(json.dumps(wish))

    own = _run(run, studio, ["studio", "apply", str(folder / "project.yaml")])
    (project,) = (
        one for one in studio.api("GET", "/api/projects")["results"] if one["title"] == "Imported"
    )
    if project["task_number"] != count:
        raise ValueError(f"{project['task_number']} of {count} images were imported")
    other, _ = studio.project([])
    peer = _run(run, studio, ["benchmarks.speed.sdk", "import", str(other), f"{folder}/few.txt"])
    _note(run, "import", (peer, few), (own, count))


def _export(run: Run, studio: Studio) -> None:
    count, few = run.samples(EXPORTED, 40), run.samples(CONVERTED, 10)
    annotations = task("", SIZE, 0, [MASKS])["annotations"]
    all_, some = (_labeled(studio, annotations, number) for number in (count, few))
    place = run.folder / "exported"
    words = ["--project", str(all_), "--format", "coco", "--no-images", "--split", "100,0,0"]
    own = _run(run, studio, ["studio", "export", "--to", str(place), *words])
    peer_place = run.folder / "converted"
    peer = _run(run, studio, ["benchmarks.speed.sdk", "export", str(some), str(peer_place)])
    for file, images in (
        (place / "annotations/instances_train.json", count),
        (peer_place / "result_coco.json", few),
    ):
        content = json.loads(file.read_text())
        found = len(content["images"]), len(content["annotations"])
        if found[0] != images or found[1] < images * MASKS:
            raise ValueError(f"{file.name} has {found[0]} images and {found[1]} masks")
    _note(run, "export", (peer, few), (own, count))


def _labeled(studio: Studio, annotations: list[dict], count: int) -> int:
    """A project of images that all have these annotations."""
    project, _ = studio.project([])
    tasks = [
        {"data": {"image": f"{HOST}/{number}.jpg"}, "annotations": annotations}
        for number in range(count)
    ]
    for begin in range(0, count, AT_ONCE):
        portion = tasks[begin : begin + AT_ONCE]
        studio.api("POST", f"/api/projects/{project}/import", json=portion)
    return project


def _note(run: Run, what: str, peer: tuple[Done, int], own: tuple[Done, int]) -> None:
    (theirs, few), (ours, count) = peer, own
    detail = f"peer {theirs.told(few)}; ours {ours.told(count)}"
    rate = (count / ours.seconds) / (few / theirs.seconds)
    run.note(f"{what}_rate", rate, detail)
    run.note(f"{what}_memory", ours.memory / theirs.memory, detail)


def _run(run: Run, studio: Studio, words: Sequence[str]) -> Done:
    """Run a module of the operator's environment.

    Raises:
        ValueError: it failed; the message ends with its last words.
    """
    environment = {
        **os.environ,
        "LABEL_STUDIO_URL": studio.server.url,
        "LABEL_STUDIO_API_KEY": TOKEN,
    }
    log = run.folder / f"{words[0]}-{words[1]}.log"
    began, memory = time.perf_counter(), 0
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python_with_browser(), "-m", *words],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                memory = max(memory, _most_resident(process.pid))
                time.sleep(LOOK_SECONDS)
        finally:
            process.kill()
            process.wait()
    seconds = time.perf_counter() - began
    if process.returncode != 0:
        raise ValueError(f"{' '.join(words[:2])}: {log.read_text(errors='replace')[-1000:]}")
    return Done(seconds, memory)


def _most_resident(pid: int) -> int:
    """The most memory that a process has held so far: rusage would count its parent's, too."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
