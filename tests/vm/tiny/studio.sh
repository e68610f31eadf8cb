#!/bin/sh
# In place of `python -m studio apply FILE`: reads what it is given and asks whom the original asks.
set -eu

fail() {
  echo "studio: $*" >&2
  exit 1
}

[ "$1 $2 $3" = "-m studio apply" ] || fail "unexpected arguments: $*"
[ -r "$4" ] || fail "there is no project file $4"
: "${LABEL_STUDIO_API_KEY:?}" "${SEGMENTATION_PASSWORD:?}" "${SEGMENT_ANYTHING_MODEL_PASSWORD:?}"
for url in "$LABEL_STUDIO_URL" "$SEGMENTATION_URL" "$SEGMENT_ANYTHING_MODEL_URL"; do
  wget -q -O /dev/null "$url/health" || fail "$url does not answer"
done
# What Google knows of keys that were deleted: a copy of such a key, put there by a test.
revoked=/run/google/revoked.json
[ ! -r $revoked ] || [ "$(cat $revoked)" != "$(cat /run/google/key.json)" ] ||
  fail "Google does not accept the key; it was deleted: create a new key"
echo "studio: applied $4"
