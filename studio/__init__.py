"""Label Studio from outside: make it agree with a project file, and say how the work stands."""
