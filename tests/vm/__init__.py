"""The machine's boot, update and failure, on a stand-in machine with a real systemd and Docker.

What boots is the repository's: templates/vm, with the attributes that infra.render makes. The
containers are of a few MB where only the way to them is tested (`tiny`); Postgres and Caddy are the
real programs. Run by `make test-vm`, as root.
"""
