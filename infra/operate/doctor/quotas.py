"""How a larger quota is asked for."""


def request(
    project: str, identity: str, region: str, value: float, service: str = "compute"
) -> tuple[str, ...]:
    """Return the lines of a remedy; `region` is empty for a quota of the whole project."""
    return (
        "Ask for more, which takes minutes to days:",
        f"gcloud beta quotas preferences create --service={service}.googleapis.com"
        f" --project={project} --quota-id={identity}"
        f"{f' --dimensions=region={region}' if region else ''}"
        f" --preferred-value={value:g}",
    )
