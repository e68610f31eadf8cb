#!/bin/bash
# Builds one image with Cloud Build and prints its reference with the digest, and nothing else.
#   PROJECT     the Google Cloud project that builds
#   BUILDER     the e-mail address of the service account that builds
#   DOCKERFILE  the Dockerfile, relative to the repository
#   IMAGE       REGISTRY/PROJECT/REPOSITORY/NAME:TAG
# and the weights that are built in, each of which may be empty or missing:
#   SAM_CHECKPOINT_URL SAM_CHECKPOINT_SHA256
#   SEGMENTATION_MODEL_URL SEGMENTATION_MODEL_SHA256 SEGMENTATION_LABEL_MAP
#   WEIGHTS_MIRROR
# and for the image of jobs, who runs it:
#   RUNNER
set -euo pipefail

ARGUMENTS=(SAM_CHECKPOINT_URL SAM_CHECKPOINT_SHA256 SEGMENTATION_MODEL_URL SEGMENTATION_MODEL_SHA256 SEGMENTATION_LABEL_MAP
	WEIGHTS_MIRROR RUNNER)
TRIES=6 PAUSE=30
NOT_YET='does not have storage\.|uploadArtifacts|(service ?account|gserviceaccount\.com).*(does not exist|not found)'

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
	for name in "${ARGUMENTS[@]}"; do
		[[ -z ${!name:-} ]] || substitutions+=";_$name=${!name}"
	done
	submit "$substitutions"
	local digest
	digest=$(gcloud artifacts docker images describe "$IMAGE" --project "$PROJECT" \
		--format 'value(image_summary.digest)')
	[[ $digest == sha256:* ]] || {
		echo "$IMAGE was built, but its digest is not in the registry: got '$digest'" >&2
		exit 1
	}
	printf '%s@%s\n' "${IMAGE%:*}" "$digest"
}

# Submits the build, again while Google does not know the account yet: in the first update it and its roles are seconds
# old, and take up to minutes to be seen everywhere (https://docs.cloud.google.com/iam/docs/access-change-propagation).
submit() {
	local try
	said=$(mktemp) # Not local: the trap runs when this function is left.
	trap 'rm -f "$said"' EXIT
	for ((try = 1; ; try++)); do
		# Another separator than gcloud's comma (`gcloud topic escaping`): a folder's hashes are joined by commas.
		gcloud builds submit . --project "$PROJECT" --config infra/cloudbuild.yaml \
			--service-account "projects/$PROJECT/serviceAccounts/$BUILDER" \
			--substitutions "^;^$1" 2>&1 | tee "$said" >&2 && return
		((try < TRIES)) && grep -Eiq "$NOT_YET" "$said" || return 1
		echo "The account $BUILDER may be too new for Google: trying again in $PAUSE seconds ($try of $((TRIES - 1)))." >&2
		sleep "$PAUSE"
	done
}

main "$@"
