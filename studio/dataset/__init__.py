"""Annotations -> data sets: what was labeled, as trainers read it, and its versions."""
