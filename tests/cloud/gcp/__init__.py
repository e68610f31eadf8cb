"""A double of Google Cloud as the Pulumi provider `gcp` sees it.

Property names, required inputs, computed outputs and id formats come from the text of the
installed `pulumi_gcp`; which changes replace a resource from the Terraform provider's sources
(force_new.json); what Google refuses from `rules`. What exists is in `state`.
"""
