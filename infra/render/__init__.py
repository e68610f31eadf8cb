"""Everything that a stack's settings turn into before a cloud is asked: texts, rules, an estimate.

Pure functions: they read the settings and the repository's templates, never Pulumi, a network or
the environment.
"""
