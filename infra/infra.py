"""Lets `infra.*` be imported from within this folder, which Pulumi runs the program from.

`main: infra/` puts this folder, not the repository, on Python's path: for the program, and for the
plugin that runs the dynamic resource, which `pulumi destroy` starts without the program. There this
module is what `import infra` finds, and its path makes it the package. Anywhere else the package
itself is found first.
"""

from pathlib import Path

__path__ = [str(Path(__file__).parent)]
