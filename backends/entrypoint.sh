#!/bin/sh
# The first process of every image. A file /run/secrets/NAME becomes the variable NAME, so that no password stands in a
# compose file, in `docker inspect` or in a metadata attribute, and the programs still know one source: their environment.
set -eu

google_key=/run/google/key.json

for file in /run/secrets/*; do
  [ -f "$file" ] || continue
  value=$(cat "$file")
  if [ -z "$value" ]; then
    echo "entrypoint: $file is empty; a secret is expected in it" >&2
    exit 1
  fi
  export "${file##*/}=$value"
done

# Absent where the machine's own identity is used.
if [ -f "$google_key" ]; then
  export GOOGLE_APPLICATION_CREDENTIALS="$google_key"
fi

exec "$@"
