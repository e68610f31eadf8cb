"""What holds for all tests, in both environments."""

import signal

from hypothesis import HealthCheck, settings

# How fast a machine is, and what else it does, decides over no case. Nor does chance: the same
# commit passes or fails for everybody. Examples that are the same every day find little after the
# first: there are few of them, and `make properties` is where many and new ones are looked for.
settings.register_profile(
    "atelier",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
settings.register_profile(
    "explore",
    settings.get_profile("atelier"),
    max_examples=150,
    derandomize=False,
    database=None,
    print_blob=True,
)
settings.load_profile("atelier")

# A run in a script's background begins deaf to Ctrl-C, and so would every command that a case
# starts and then interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
