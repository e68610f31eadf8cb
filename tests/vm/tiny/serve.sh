#!/bin/sh
# One of the three services, in shell: what it needs must be there before it is well.
set -eu

[ "$SICK" != exit ] || {
  echo "$NAME $VERSION: the weights do not fit this model" >&2
  exit 1
}
case $NAME in
  frontend)
    : "${LABEL_STUDIO_PASSWORD:?}" "${SECRET_KEY:?}" "${POSTGRE_PASSWORD:?}"
    until nc -w 2 "$POSTGRE_HOST" "$POSTGRE_PORT" </dev/null; do sleep 1; done
    # Who serves keeps it: the folder on the data disk is the container's own.
    echo "$VERSION" >/data/version
    ;;
  *) : "${BASIC_AUTH_PASS:?}" "${LABEL_STUDIO_API_KEY:?}" ;;
esac
mkdir -p /tmp/www/user
[ -n "$SICK" ] || echo '{"status": "UP"}' >/tmp/www/health
echo "$NAME" >/tmp/www/index.html
echo "$VERSION" >/tmp/www/version
echo "Log in to $NAME" >/tmp/www/user/login
echo "$NAME $VERSION listens on $PORT"
# The first process of a container gets no signal that it does not catch: docker would wait, then kill.
trap 'exit 0' TERM
httpd -f -p "$PORT" -h /tmp/www &
wait
