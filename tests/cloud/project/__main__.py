"""A machine with a data disk, a bucket, an account and its key: what Atelier is made of, bare."""

import pulumi
import pulumi_gcp as gcp


class Lab(pulumi.ComponentResource):
    """`adopt`: take up the bucket that an earlier destroy left."""

    def __init__(self, name: str, zone: str, script: str, adopt: bool) -> None:
        super().__init__("lab:index:Lab", name)
        parent = pulumi.ResourceOptions(parent=self)
        services = [
            gcp.projects.Service(api, service=f"{api}.googleapis.com", opts=parent)
            for api in ("compute", "iam", "artifactregistry")
        ]
        enabled = pulumi.ResourceOptions(parent=self, depends_on=services)
        bucket_name = f"{gcp.config.project}-images"
        found = gcp.storage.get_buckets(prefix=bucket_name)
        pulumi.export("found", [bucket.name for bucket in found.buckets])
        self.account = gcp.serviceaccount.Account("lab", account_id="lab-machine", opts=enabled)
        self.key = gcp.serviceaccount.Key("key", service_account_id=self.account.name, opts=parent)
        self.bucket = gcp.storage.Bucket(
            "images",
            name=bucket_name,
            location="US",
            versioning={"enabled": True},
            deletion_policy="ABANDON",
            opts=pulumi.ResourceOptions(parent=self, import_=bucket_name if adopt else None),
        )
        gcp.storage.BucketIAMMember(
            "reads",
            bucket=self.bucket.name,
            role="roles/storage.objectViewer",
            member=self.account.member,
            opts=parent,
        )
        self.address = gcp.compute.Address("public", opts=enabled)
        disk = gcp.compute.Disk(
            "data",
            zone=zone,
            size=20,
            type="pd-balanced",
            create_snapshot_before_destroy=True,
            create_snapshot_before_destroy_prefix="lab-data",
            opts=enabled,
        )
        gcp.compute.Firewall(
            "web",
            network="default",
            allows=[{"protocol": "tcp", "ports": ["443"]}],
            source_ranges=["0.0.0.0/0"],
            target_tags=["lab"],
            opts=enabled,
        )
        self.machine = gcp.compute.Instance(
            "machine",
            zone=zone,
            machine_type="g2-standard-8",
            boot_disk={"initialize_params": {"image": "projects/debian-cloud/global/images/d"}},
            attached_disks=[{"source": disk.self_link, "device_name": "data"}],
            network_interfaces=[
                {"network": "default", "access_configs": [{"nat_ip": self.address.address}]}
            ],
            scheduling={"on_host_maintenance": "TERMINATE"},
            service_account={"email": self.account.email, "scopes": ["cloud-platform"]},
            metadata={"startup-script": script, "key": self.key.private_key},
            # Two machines cannot hold one address.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.register_outputs({"bucket": self.bucket.url})


config = pulumi.Config()
lab = Lab(
    "lab",
    config.get("zone") or "us-central1-a",
    config.get("script") or "echo one",
    config.get_bool("adopt") or False,
)
pulumi.export("bucket", lab.bucket.url)
pulumi.export("address", lab.address.address)
pulumi.export("machine", lab.machine.instance_id)
pulumi.export("key", lab.key.private_key)
