#!/usr/bin/env bash
# Installs what is missing of the Debian packages that building and running need (with --tests also what the tests need),
# and says so. Does nothing, quickly, when everything is there.
set -eu

fail() {
    echo "setup: $*" >&2
    exit 1
}

command -v swift >/dev/null 2>&1 ||
    fail "there is no 'swift' on the PATH: install a Swift 6.3 toolchain (https://www.swift.org/install/linux/debian/12)"
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
[ "$major" -gt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -ge 3 ]; } ||
    fail "Swift 6.3 or later is needed, this is ${major}.${minor}"

packages="libpq-dev libcurl4-openssl-dev libyaml-dev pkg-config tzdata ca-certificates"
[ "${1:-}" != "--tests" ] || packages="$packages chromium"

command -v dpkg-query >/dev/null 2>&1 ||
    fail "this is not Debian: install what corresponds to $packages and PostgreSQL's server by hand"

missing=""
for package in $packages; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
if [ -z "$missing" ]; then
    echo "setup: every package is there"
    exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1; then
    as_root="sudo"
else
    fail "packages are missing and there is no sudo; as root run: apt-get install$missing"
fi

echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# Debian would create and start a database cluster of its own; the project starts a private one.
configuration=/etc/postgresql-common/createcluster.conf
case "$missing" in
*postgresql*)
    if [ ! -e "$configuration" ]; then
        $as_root mkdir -p "$(dirname "$configuration")"
        echo "create_main_cluster = false" | $as_root tee "$configuration" >/dev/null
    fi
    ;;
esac
$as_root apt-get update -q || fail "apt-get update failed: is there a network?"
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o Dpkg::Options::=--force-confold $missing || fail "apt-get install failed:$missing"
