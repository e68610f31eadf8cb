"""A run as a job of Dataflow: the same pipeline, with workers that have an L4.

The options are Beam's own; which of them a GPU needs is in dataflow/docs/gpu/use-l4-gpus and
dataflow/docs/gpu/use-gpus. Flexible scheduling, which is cheaper, has no GPUs
(dataflow/docs/guides/flexrs).
"""

from batch.stack import Stack

# Images that the workers' first step lists in one go.
PART_IMAGES = 10_000
MACHINE = "g2-standard-4"
# The container has some GB, and the driver comes on top.
DISK_GB = 50
# One decodes while the other's images are in the model.
THREADS = 2


def options(stack: Stack, plan: str, workers: int) -> list[str]:
    """Return the pipeline's options, as Beam reads them from a command line.

    Args:
        plan: where the plan is.
        workers: how many there may be at a time.
    """
    return [
        "--runner=DataflowRunner",
        f"--project={stack.project}",
        f"--region={stack.region}",
        f"--job_name=atelier-prelabel-{plan.rpartition('/')[2]}",
        f"--staging_location=gs://{stack.bucket}/staging",
        f"--temp_location=gs://{stack.bucket}/temp",
        f"--service_account_email={stack.service_account}",
        f"--sdk_container_image={stack.image}",
        "--sdk_location=container",
        f"--machine_type={MACHINE}",
        f"--disk_size_gb={DISK_GB}",
        "--autoscaling_algorithm=THROUGHPUT_BASED",
        f"--max_num_workers={workers}",
        "--dataflow_service_options=worker_accelerator=type:nvidia-l4;count:1;install-nvidia-driver",
        # Else each core has a process, and each process the model.
        "--experiments=no_use_multiple_sdk_containers",
        f"--number_of_worker_harness_threads={THREADS}",
        *([f"--subnetwork={stack.subnetwork}"] if stack.subnetwork else []),
        *(["--no_use_public_ips"] if stack.private else []),
    ]
