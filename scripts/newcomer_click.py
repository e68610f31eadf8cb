#!/usr/bin/env python3
"""Looks at the running demo for newcomer.sh: three healthy services, and one click with its mask.

Only the standard library is used: it is the machine's own Python that runs this.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

DEMO = Path(__file__).resolve().parent.parent / ".local" / "demo.json"
CLICK = {"x": 50, "y": 50, "width": 0.3, "labels": ["dress"]}


def ask(url: str, token: str = "", body: Any = None) -> Any:
    """Return the JSON that a GET, or with a body a POST, answers.

    Raises:
        urllib.error.URLError: when nothing answers, or with an error.
    """
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Token {token}"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=120) as answer:
        return json.load(answer)


def main() -> int:
    demo = json.loads(DEMO.read_text())
    url, token = demo["url"], demo["token"]
    for address in (url, *(backend["url"] for backend in demo["backends"].values())):
        health = ask(f"{address}/health")
        print(f"{address}/health: {health['status']}")
        if health["status"] != "UP":
            return 1
    project = f"project={demo['project']}"
    backends = ask(f"{url}/api/ml?{project}", token)
    backend = next(one["id"] for one in backends if one["is_interactive"])
    tasks = ask(f"{url}/api/tasks?{project}&page_size=1&fields=all", token)["tasks"]
    click = {"type": "keypoint", "from_name": "point", "to_name": "image", "value": CLICK}
    question = {"task": tasks[0]["id"], "context": {"result": [click]}}
    answer = ask(f"{url}/api/ml/{backend}/interactive-annotating", token, question)
    # A mask is two results of one id: the brush's, and the label's.
    masks = [part["value"]["rle"] for part in answer["data"]["result"] if part["type"] == "brush"]
    print(f"one click on task {question['task']}: {len(masks)} mask, {len(masks[0])} bytes")
    return 0 if masks and masks[0] else 1


if __name__ == "__main__":
    sys.exit(main())
