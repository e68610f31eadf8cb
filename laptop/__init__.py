"""The same studio on one machine, as processes or in containers: `python -m laptop up`."""
