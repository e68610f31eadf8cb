"""`python -m backends.frontend.editor`: whether the changes fit the installed Label Studio.

Exits 1 if one does not. An image is not built then; a server that is started says so and serves the
page as it is installed, because a labeler with a slow editor is better off than one with none.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

from backends.frontend.editor.changes import changed, declared, pages_folder


def main() -> int:
    """Print what becomes of each change and return the exit status."""
    spec = find_spec("label_studio")
    if spec is None or spec.origin is None:
        print(f"{sys.executable} has no label-studio", file=sys.stderr)
        return 1
    result = changed(declared(), pages_folder(Path(spec.origin).parent))
    for name, reason in result.refused.items():
        print(f"{name}: {reason or 'fits'}", file=sys.stderr if reason else sys.stdout)
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
