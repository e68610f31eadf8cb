"""The three services on one machine, as native processes: `python -m laptop up`."""
