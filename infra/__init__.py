"""The Pulumi program: from a stack's config to the resources of one labeling team."""
