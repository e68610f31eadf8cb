#!/bin/bash
# Builds one image with Cloud Build and prints its reference with the digest, and nothing else.
#   PROJECT     the Google Cloud project that builds
#   BUILDER     the e-mail address of the service account that builds
#   DOCKERFILE  the Dockerfile, relative to the repository
#   IMAGE       REGISTRY/PROJECT/REPOSITORY/NAME:TAG
# and the weights that are built in, each of which may be empty or missing:
#   SAM_CHECKPOINT_URL SAM_CHECKPOINT_SHA256
#   SEGMENTATION_MODEL_URL SEGMENTATION_MODEL_SHA256 SEGMENTATION_LABEL_MAP
set -euo pipefail

WEIGHTS=(SAM_CHECKPOINT_URL SAM_CHECKPOINT_SHA256 SEGMENTATION_MODEL_URL SEGMENTATION_MODEL_SHA256 SEGMENTATION_LABEL_MAP)

main() {
	: "${PROJECT:?the project that builds}" "${BUILDER:?a service account}" "${DOCKERFILE:?a Dockerfile}" "${IMAGE:?a reference}"
	command -v gcloud >/dev/null || {
		echo "gcloud is not installed: https://cloud.google.com/sdk/docs/install" >&2
		exit 1
	}
	cd "$(dirname "${BASH_SOURCE[0]}")/.."
	# Read here and not given: a new version alone would build an unchanged image again.
	local version
	version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
	[[ -n $version ]] || {
		echo "pyproject.toml has no line: version = \"...\"" >&2
		exit 1
	}
	# All that git would keep goes up, and Docker sorts it out: with a .dockerignore as --ignore-file gcloud, which reads
	# it as git does, uploads nothing at all.
	local name substitutions="_DOCKERFILE=$DOCKERFILE;_IMAGE=$IMAGE;_VERSION=$version"
	for name in "${WEIGHTS[@]}"; do
		[[ -z ${!name:-} ]] || substitutions+=";_$name=${!name}"
	done
	# Another separator than gcloud's comma (`gcloud topic escaping`): a folder's hashes are joined by commas.
	gcloud builds submit . --project "$PROJECT" --config infra/cloudbuild.yaml \
		--service-account "projects/$PROJECT/serviceAccounts/$BUILDER" \
		--substitutions "^;^$substitutions" >&2
	local digest
	digest=$(gcloud artifacts docker images describe "$IMAGE" --project "$PROJECT" \
		--format 'value(image_summary.digest)')
	[[ $digest == sha256:* ]] || {
		echo "$IMAGE was built, but its digest is not in the registry: got '$digest'" >&2
		exit 1
	}
	printf '%s@%s\n' "${IMAGE%:*}" "$digest"
}

main "$@"
