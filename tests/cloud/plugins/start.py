"""Starts a plugin without Pulumi's SDK: `python start.py MODULE-or-FILE ARGUMENTS`.

A plugin needs the generated protocol alone, `pulumi.runtime.proto`. Importing it imports the SDK
first, which takes half a second, and an operation starts up to five plugins. So empty packages
take the place of the two above it. The file imports nothing of the project's, because `engine`
copies it beside the engine.
"""

import importlib.util
import runpy
import sys
from pathlib import Path
from types import ModuleType


def leave_out_the_sdk() -> None:
    """Make `pulumi` and `pulumi.runtime` packages that only lead to what is in them."""
    found = importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        sys.exit(f"{sys.executable} has no pulumi: set PULUMI_PYTHON to a Python that has")
    folder = Path(found.submodule_search_locations[0])
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package


def main() -> None:
    leave_out_the_sdk()
    del sys.argv[0]  # As if the plugin had been started itself.
    plugin = sys.argv[0]
    if plugin.endswith(".py"):
        runpy.run_path(plugin, run_name="__main__")
    else:
        runpy.run_module(plugin, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
