"""Builds and pushes an image when Pulumi makes one: the double runs this as CLOUD_DOUBLE_BUILD.

    CLOUD_DOUBLE_BUILD=tests/cloud/lab/build.sh

The lab has to be up, in ATELIER_LAB (default .local/lab). Its Docker daemon builds from the context
and the Dockerfile that the program named, logs in to the registry with the program's token, and
pushes. What is asked and answered: tests.cloud.docker_build.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.cloud.lab.hook import place
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.place import LabError


def build(lab: Lab, asked: dict[str, Any]) -> str:
    """Build and push all tags; return the digest that the registry has.

    Raises:
        LabError: when Docker or the registry refuses, with their words.
    """
    for registry in asked.get("registries") or []:
        lab.log_in(registry["address"], registry["username"], registry["password"])
    words = [f"--platform={','.join(asked['platforms'])}"] if asked.get("platforms") else []
    for name, value in (asked.get("buildArgs") or {}).items():
        words.append(f"--build-arg={name}={value}")
    if target := asked.get("target"):
        words.append(f"--target={target}")
    for tag in asked["tags"]:
        words += ["-t", tag]
    dockerfile = Path(asked["dockerfile"]["location"]).resolve()
    context = Path(asked["context"]["location"]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        for name, value in (asked.get("secrets") or {}).items():
            Path(folder, name).write_text(value)
            words.append(f"--secret=id={name},src={folder}/{name}")
        lab.docker("build", "-q", *words, "-f", dockerfile, context)
    digests = {lab.push(tag).partition("@")[2] for tag in asked["tags"]}
    if len(digests) != 1:
        raise LabError(f"the registry has {len(digests)} digests for {', '.join(asked['tags'])}")
    return digests.pop()


def main() -> None:
    lab = Lab(place(), Path(os.environ["CLOUD_DOUBLE"]))
    try:
        print(json.dumps({"digest": build(lab, json.load(sys.stdin))}))
    except LabError as error:
        print(json.dumps({"error": f"the lab: {error}"}))


if __name__ == "__main__":
    main()
