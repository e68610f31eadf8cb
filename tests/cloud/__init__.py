"""A cloud without a cloud: the real Pulumi engine, and doubles of the providers it speaks to.

`engine` finds or builds the engine, `language_host` runs Python programs for it, `gcp`,
`docker_build` and `command` answer as the resource providers, `compute_api` is the REST side of
the same cloud, `workspace.Stack` takes a project through its life and `run` does that for a
command of yours. What exists "in the cloud" is a file, `cloud.json`, in a folder.
"""
