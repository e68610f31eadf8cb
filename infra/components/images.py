"""The three images that the machine runs, and that of jobs, each as a reference with its digest.

Owns the registry's repository and what builds into it: BuildKit on this computer (`docker`), Cloud
Build (`cloudbuild`), or nobody (`prebuilt`). An image's tag is the hash of what it is built from,
so that an untouched backend makes no difference; the models' weights, which are fetched while an
image is built, are part of it. Carries what a preview tells of the models as its inputs. Nothing is
built in a preview. Does not own who may pull (`permissions`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pulumi
import pulumi_command as command
import pulumi_docker_build as docker_build
import pulumi_gcp as gcp

from infra.components.builder import Builder, BuilderArgs
from infra.content import content_hash, dockerfile
from infra.render.env import own_registry
from infra.render.weights import image_arguments, mirror_argument, needs_google, told
from infra.settings.facts import BATCH_IMAGE, IMAGE_NAMES
from infra.settings.fields import Settings
from infra.version import read_version

# Relative to infra/, where Pulumi starts the plugins that build: an absolute path would make every
# image look changed on another computer.
CONTEXT = ".."
# By this build secret a Dockerfile's `weights` stage reads a bucket; nothing of it is in an image.
TOKEN_SECRET = "google_token"
# What the registry takes as the user's name with an access token for a password.
TOKEN_USER = "oauth2accesstoken"
# Of each image what runs and what went before it stay, however old: a push is three versions (the
# index, the image, its provenance). Keeping wins over deleting:
# https://docs.cloud.google.com/artifact-registry/docs/repositories/cleanup-policy-overview
CLEAN_UP: list[gcp.artifactregistry.RepositoryCleanupPolicyArgsDict] = [
    {"id": "keep-recent", "action": "KEEP", "most_recent_versions": {"keep_count": 30}},
    {"id": "delete-old", "action": "DELETE", "condition": {"older_than": f"{90 * 86_400}s"}},
]
IN_REGISTRY = re.compile(r"([a-z0-9-]+)-docker\.pkg\.dev/([^/]+)/([^/]+)/")


@dataclass(frozen=True)
class Repository:
    """A repository of Artifact Registry."""

    project: str
    location: pulumi.Input[str]
    name: pulumi.Input[str]


@dataclass(frozen=True)
class ImagesArgs:
    """What the images depend on."""

    settings: Settings
    after: Sequence[pulumi.Resource]


class Images(pulumi.ComponentResource):
    """The images.

    Attributes:
        references: Image name -> REGISTRY/PROJECT/REPOSITORY/IMAGE[:TAG]@sha256:DIGEST.
        repositories: The project's repositories that they are pulled from.
        batch: The reference of the image for jobs; None with `batch: off`.
        batch_repositories: The project's repository that it is pulled from.
    """

    references: Mapping[str, pulumi.Input[str]]
    repositories: Mapping[str, Repository]
    batch: pulumi.Input[str] | None
    batch_repositories: Mapping[str, Repository]

    def __init__(
        self, name: str, args: ImagesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        settings = args.settings
        models = told(settings)
        super().__init__("atelier:gcp:Images", name, {"models": models}, opts)
        for model in models:
            if model["warning"]:
                pulumi.log.warn(f"{model['warning']}.", self)
        wanted = settings.image_names
        if settings.images == "prebuilt":
            references: dict[str, pulumi.Input[str]] = {
                image: settings.prebuilt[image] for image in wanted
            }
            self.repositories = prebuilt_repositories(settings, IMAGE_NAMES)
            self.batch_repositories = prebuilt_repositories(settings, (BATCH_IMAGE,))
        else:
            repository = gcp.artifactregistry.Repository(
                name,
                repository_id=settings.name,
                project=settings.project,
                location=settings.region,
                format="DOCKER",
                cleanup_policies=CLEAN_UP,
                labels=settings.labels_all,
                opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
            )
            self.repositories = {
                "registry": Repository(
                    settings.project, repository.location, repository.repository_id
                )
            }
            self.batch_repositories = self.repositories
            if settings.images == "docker":
                build = self._by_docker
            else:
                builder = Builder(
                    name,
                    BuilderArgs(
                        settings, args.after, repository.location, repository.repository_id
                    ),
                    pulumi.ResourceOptions(parent=self),
                )
                build = partial(self._by_cloud_build, builder.email)
            # Waiting for the repository's own output, not its name, makes the push come after it.
            prefix = repository.id.apply(
                lambda _: f"{own_registry(settings)}/{settings.project}/{settings.name}"
            )
            references = {
                image: build(f"{name}-{image}", image, prefix, settings) for image in wanted
            }
        self.batch = references.pop(BATCH_IMAGE, None)
        self.references = references
        self.register_outputs({"references": self.references})

    def _by_docker(
        self, resource_name: str, image: str, prefix: pulumi.Output[str], settings: Settings
    ) -> pulumi.Output[str]:
        login = gcp.organizations.get_client_config_output(
            opts=pulumi.InvokeOutputOptions(parent=self)
        )
        weights = image_arguments(settings, image)
        arguments = weights | mirror_argument(settings, image)
        tag = content_hash(image, arguments=weights)
        token = pulumi.Output.secret(login.access_token)
        built = docker_build.Image(
            resource_name,
            context={"location": CONTEXT},
            dockerfile={"location": f"{CONTEXT}/{dockerfile(image)}"},
            # The version is a label in the last layer and no part of the tag: a release that leaves
            # an image's files alone takes its layers from the cache and labels them anew.
            build_args={"VERSION": read_version(), **arguments},
            # An access token is another one in each run.
            secrets={TOKEN_SECRET: token} if needs_google(arguments) else None,
            ignore_secrets_in_diff_calculation=[TOKEN_SECRET] if needs_google(arguments) else None,
            platforms=[docker_build.Platform.LINUX_AMD64],
            tags=[pulumi.Output.concat(prefix, "/", image, ":", tag)],
            push=True,
            build_on_preview=False,
            registries=[
                {
                    "address": own_registry(settings),
                    "username": TOKEN_USER,
                    "password": token,
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return built.ref

    def _by_cloud_build(
        self,
        builder: pulumi.Output[str],
        resource_name: str,
        image: str,
        prefix: pulumi.Output[str],
        settings: Settings,
    ) -> pulumi.Output[str]:
        weights = image_arguments(settings, image)
        arguments = weights | mirror_argument(settings, image)
        tag = content_hash(image, arguments=weights)
        built = command.local.Command(
            resource_name,
            create="./cloudbuild.sh",
            environment={
                "PROJECT": settings.project,
                "BUILDER": builder,
                "DOCKERFILE": str(dockerfile(image)),
                "IMAGE": pulumi.Output.concat(prefix, "/", image, ":", tag),
                **arguments,
            },
            triggers=[tag],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return built.stdout


def prebuilt_repositories(settings: Settings, images: Iterable[str]) -> dict[str, Repository]:
    """Return the project's own repositories among the prebuilt references of these images.

    Only the project's own: who may read another project's is that project's business.
    """
    given = (settings.prebuilt.get(image, "") for image in images)
    found = {match.groups() for ref in given if (match := IN_REGISTRY.match(ref))}
    return {
        f"registry-{location}-{name}": Repository(project, location, name)
        for location, project, name in sorted(found)
        if project == settings.project
    }
