#!/bin/sh
# Installs the S3 server that the tests speak to into a folder, unless it is there: install.sh DIR
set -eu
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$1"
cd "$1"
if [ -d node_modules/s3rver ] && cmp -s installed.json "$here/package-lock.json"; then
    exit 0
fi
cp "$here/package.json" "$here/package-lock.json" .
npm ci --no-audit --no-fund --ignore-scripts
# Last, so that one that was cut off is done again.
cp "$here/package-lock.json" installed.json
