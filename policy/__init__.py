"""What no stack of ours may be: a policy pack, which Pulumi runs beside a preview."""
