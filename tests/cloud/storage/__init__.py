"""A stand-in for Cloud Storage, its token endpoint and signBlob, under Google's own host names.

It serves what the studio, Label Studio, the backends and a browser ask of the real one. Buckets,
accounts, keys and roles are those of a cloud.json as the stand-in of the Google provider keeps it
(tests/cloud): what a `pulumi up` granted is what counts here. Objects are its own.

Left out on purpose: ACLs, patching, composing and copying objects, making buckets, batches, HMAC
keys, retention, lifecycle rules and quotas. Roles apply at once; Google may take minutes.
"""
