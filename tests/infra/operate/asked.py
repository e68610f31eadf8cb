"""Google's APIs as the doctor asks them: by HTTP, on the double, with answers over its own."""

import json
import re
from collections.abc import Mapping

from infra.operate.doctor.google import Answer, Google
from tests.cloud.compute_api import ComputeApi
from tests.cloud.gcp.state import Cloud
from tests.cloud.google_apis import environment

# One for all tests, which ends with them.
_servers: list[ComputeApi] = []


def google(cloud: Cloud, others: Mapping[str, Answer]) -> Google:
    """Return the APIs of a double.

    Args:
        cloud: Whose answers they give.
        others: What is answered instead, by a part of the path; after a space, one of the body.
    """
    told = [
        {"path": re.escape(where), "body": inside, "status": said.status, "answer": said.body}
        for part, said in others.items()
        for where, _, inside in (part.partition(" "),)
    ]
    (cloud.folder / "answers.json").write_text(json.dumps(told))
    if not _servers:
        _servers.append(ComputeApi(cloud))
    server = _servers[0]
    server.cloud = cloud
    compute = {"GOOGLE_COMPUTE_CUSTOM_ENDPOINT": server.url}
    return Google(None, {**environment(server.url), **compute})
