"""What holds for all tests, in both environments."""

import signal

# A run in a script's background begins deaf to Ctrl-C, and so would every command that a case
# starts and then interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
