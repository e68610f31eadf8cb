"""Lets `infra.*` be imported from within this folder, which Pulumi runs the program from.

`main: infra/` puts this folder, not the repository, on Python's path: for the program, and for the
plugin that runs the dynamic resource, which `pulumi destroy` starts without the program. There this
module is what `import infra` finds, and its path makes it the package. Anywhere else the package
itself is found first. The repository comes last on the path, for the one room that is read from
here: `weights`.
"""

import sys
from pathlib import Path

__path__ = [str(Path(__file__).parent)]
sys.path.append(str(Path(__file__).parents[1]))
