"""The stand-in as a process of its own, for machines that are not processes of a test."""

import subprocess
import sys
from pathlib import Path

import pytest
import requests
from google.oauth2 import service_account

from tests.cloud.storage.cloud_file import CloudFile
from tests.label_studio import ROOT, free_port

pytestmark = pytest.mark.integration


def test_it_serves_a_cloud_folder_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    cloud = CloudFile(tmp_path / "cloud.json")
    email = cloud.add_account("machine")
    key = tmp_path / "key.json"
    key.write_text(cloud.add_key(email))
    cloud.add_bucket("source")
    cloud.grant("source", email, "objectViewer")
    port = free_port()
    command = [sys.executable, "-m", "tests.cloud.storage", str(tmp_path), "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"serving https on 127.0.0.1:{port}\n"
            credentials = service_account.Credentials.from_service_account_file(str(key))
            # Signed by the account itself: Google takes such a token without asking for another.
            token = credentials.with_always_use_jwt_access(True)
            token._create_self_signed_jwt("https://storage.googleapis.com/")
            token.refresh(None)
            answer = requests.get(
                f"https://127.0.0.1:{port}/storage/v1/b/source/o",
                headers={"Authorization": f"Bearer {token.token}"},
                verify=str(tmp_path / "tls" / "authority.pem"),
                timeout=10,
            )
            assert (answer.status_code, answer.json()) == (200, {"kind": "storage#objects"})
        finally:
            process.terminate()
