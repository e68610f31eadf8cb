"""A machine that boots what the program rendered: the hardware of the cloud double.

A network namespace stands for the cloud's network. In it are a metadata server on 169.254.169.254,
a registry with TLS and logins by token under Artifact Registry's names, another under Docker
Hub's, and a Docker daemon that builds images. Machines are Debian 13 with a systemd of their own,
a boot disk and data disks that are real block devices, and Google's metadata script runner; they
reach packages through user-space NAT. The host's own network gets no address, no rule and no
route.

`lab.Lab` puts the parts together; `python -m tests.cloud.lab` is the same for a person. It needs
root on Debian or Ubuntu, because namespaces and loop devices do.
"""
