"""The same studio in containers: templates/vm/compose.yml on this machine's Docker.

What differs from the machine in the cloud is only what that file is told: `variables`.
"""
