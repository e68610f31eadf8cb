"""Pictures and models that the demonstration brings along."""
