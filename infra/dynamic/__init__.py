"""What Google Cloud has no resource for: dynamic resources, and the calls that they make."""
