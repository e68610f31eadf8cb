"""What holds for all tests, in both environments."""

import signal

from hypothesis import HealthCheck, settings

# How fast a machine is, and what else it does, decides over no case. Nor does chance: the same
# commit passes or fails for everybody. `make properties` is where new examples are looked for.
settings.register_profile(
    "atelier", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile(
    "explore", settings.get_profile("atelier"), derandomize=False, database=None, print_blob=True
)
settings.load_profile("atelier")

# A run in a script's background begins deaf to Ctrl-C, and so would every command that a case
# starts and then interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
