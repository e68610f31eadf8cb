"""A copy of this checkout, for commands that write into the one they run in."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.cloud.workspace import ROOT


def copy(folder: Path) -> Path:
    """Copy what git would commit into `folder` and lend it the operator's environment."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
        if name and os.path.lexists(ROOT / name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            # infra/.local is a link, and the engine needs it as one.
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    environment = Path(".local", "env", "operator")
    (folder / environment).parent.mkdir(parents=True)
    (folder / environment).symlink_to(ROOT / environment)
    return folder
