"""Leaves the program's memory to its end: the program imports this first.

The Google provider's package makes ten thousand classes when it is imported. Python's garbage
collector goes through all of them again and again, and once more at the end, which is a third of
the seconds that the program takes; and there is nothing to find: what it makes, it keeps.
"""

import atexit
import gc

gc.disable()
atexit.register(gc.freeze)  # The collection at the end then has nothing to go through.
