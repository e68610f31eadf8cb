"""The catalogue of models and the fetcher of their weights: the standard library alone.

Read by the laptop, by the Pulumi program and while images are built, before anything is installed.
"""
