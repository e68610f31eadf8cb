"""The three services as processes of this machine, kept running by a supervisor."""
