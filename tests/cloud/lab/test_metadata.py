import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.cloud.lab.metadata import MetadataServer

HEADERS = {"Metadata-Flavor": "Google"}
ACCOUNT = "sa@demo.iam.gserviceaccount.com"
Ask = Callable[..., requests.Response]


def write(cloud: Path, **metadata: str) -> None:
    inputs = {
        "name": "atelier-dev",
        "zone": "us-central1-a",
        "metadata": metadata,
        "serviceAccount": {"email": ACCOUNT},
    }
    key = "compute.Instance projects/demo/zones/us-central1-a/instances/atelier-dev"
    new = cloud.with_suffix(".new")
    new.write_text(json.dumps({"resources": {key: {"inputs": inputs, "outputs": {}}}}))
    new.rename(cloud)


@pytest.fixture
def cloud(tmp_path: Path) -> Path:
    write(tmp_path / "cloud.json", **{"enable-guest-attributes": "TRUE", "my-key": "one"})
    return tmp_path / "cloud.json"


@pytest.fixture
def ask(cloud: Path, tmp_path: Path) -> Iterator[Ask]:
    settings = tmp_path / "settings.json"
    machines = {"127.0.0.1": "atelier-dev"}
    known = {"cloud": str(cloud), "project": "demo", "token": "t0k", "machines": machines}
    settings.write_text(json.dumps(known))

    class Server(MetadataServer):
        settings_file = settings

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    start = f"http://127.0.0.1:{server.server_port}/computeMetadata/v1/"

    def ask(path: str, method: str = "GET", **options: object) -> requests.Response:
        given = {"headers": HEADERS, "timeout": 10, **options}
        return requests.request(method, start + path, **given)  # pyright: ignore

    yield ask
    server.shutdown()
    server.server_close()


def test_who_does_not_say_whom_it_asks_is_refused(ask: Ask) -> None:
    assert ask("instance/id", headers={}).status_code == 403
    through_a_proxy = {**HEADERS, "X-Forwarded-For": "192.0.2.1"}
    assert ask("instance/id", headers=through_a_proxy).status_code == 403
    assert ask("instance/id").headers["Metadata-Flavor"] == "Google"


def test_values_folders_and_trees_are_written_as_googles_server_does(ask: Ask) -> None:
    assert ask("instance/attributes/my-key").text == "one"
    assert ask("instance/attributes/other").status_code == 404
    assert "service-accounts/\n" in ask("instance/").text
    tree = ask("instance/?recursive=true").json()
    assert tree["attributes"]["my-key"] == "one"
    assert tree["networkInterfaces"][0]["ip"] == "127.0.0.1"
    assert set(tree["serviceAccounts"]) == {"default", ACCOUNT}
    assert ask("instance/service-accounts/default/token").json()["access_token"] == "t0k"
    assert ask("instance", allow_redirects=False).status_code == 301


def test_a_wait_ends_with_the_change_and_not_before(ask: Ask, cloud: Path) -> None:
    path = "instance/attributes/?recursive=true"
    known = ask(path).headers["ETag"]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(ask, f"{path}&wait_for_change=true&last_etag={known}")
        time.sleep(0.5)
        assert not waiting.done()
        write(cloud, **{"my-key": "two"})
        answer = waiting.result(timeout=60)
    assert answer.json()["my-key"] == "two"
    assert answer.headers["ETag"] != known


def test_a_wait_for_what_has_changed_already_or_for_long_enough_ends_at_once(ask: Ask) -> None:
    path = "instance/attributes/my-key?wait_for_change=true"
    assert ask(f"{path}&last_etag=0").text == "one"
    assert ask(f"{path}&timeout_sec=1").text == "one"


def test_what_the_machine_reports_is_kept_beside_the_cloud(ask: Ask, cloud: Path) -> None:
    assert ask("instance/guest-attributes/atelier/phase", "PUT", data="pull").ok
    assert ask("instance/guest-attributes/atelier/phase").text == "pull"
    file = cloud.parent / "guest-attributes" / "atelier-dev.json"
    assert json.loads(file.read_text()) == {"atelier": {"phase": "pull"}}
    assert ask("instance/guest-attributes/atelier/phase", "DELETE").ok
    assert ask("instance/guest-attributes/atelier/phase").status_code == 404


def test_a_machine_reports_only_where_its_metadata_says_so(ask: Ask, cloud: Path) -> None:
    write(cloud, **{"my-key": "two"})
    assert ask("instance/guest-attributes/atelier/phase", "PUT", data="pull").status_code == 403


def test_a_machine_that_was_deleted_has_no_metadata(ask: Ask, cloud: Path) -> None:
    cloud.write_text('{"resources": {}}')
    assert ask("instance/attributes/my-key").status_code == 404
