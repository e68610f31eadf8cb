"""The images of a project: where they are, and what each is recognised by."""
