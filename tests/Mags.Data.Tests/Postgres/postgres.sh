#!/bin/sh
# Runs a private PostgreSQL server until standard input ends, then removes it.
# Its end is tied to the pipe and not to a call, so that it goes even when the tests are killed.
#   postgres.sh BIN DIR    BIN holds initdb and pg_ctl, DIR is an empty folder that becomes the server's own
# Prints "ready" once it takes connections on the socket in DIR.
set -eu
bin=$1
dir=$2

as=
if [ "$(id -u)" = 0 ]; then
    # PostgreSQL refuses to run as root.
    chown postgres "$dir"
    as="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi
cd "$dir"

finish() {
    status=$?
    $as "$bin/pg_ctl" stop -D "$dir/data" -m immediate -w -t 30 >/dev/null 2>&1 || true
    cd /
    rm -rf "$dir"
    exit "$status"
}
trap finish EXIT
# An interrupt ends the tests; the end of the pipe then ends this.
trap '' INT HUP

fail() {
    echo "$1" >&2
    cat "$dir"/*.log >&2 || true
    exit 1
}

# Nothing here has to survive a power cut.
$as "$bin/initdb" -D "$dir/data" -U mags -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 \
    || fail "initdb failed"
$as "$bin/pg_ctl" start -D "$dir/data" -w -t 60 -l "$dir/server.log" -o "-k $dir -c listen_addresses= -c fsync=off \
    -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB -c max_connections=200" \
    >/dev/null 2>&1 </dev/null || fail "PostgreSQL did not start"

echo ready
read -r _ || true
