"""Serves the provider double; plugins/pulumi-resource-gcp starts it."""

from tests.cloud.gcp.provider import Gcp
from tests.cloud.gcp.state import Cloud
from tests.cloud.rpc import cloud_folder, serve_provider

serve_provider(Gcp(Cloud(cloud_folder())))
