#!/usr/bin/env bash
# Installs the Debian packages that are missing for building and running (with --tests: for the tests too), and checks the
# Swift toolchain. When everything is there it only says so.
set -euo pipefail

tests=no
[ "${1:-}" = "--tests" ] && tests=yes

say() { printf '%s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

# --- Which packages are missing, and what for. The thing itself is looked for, not the package: another package, or a
# --- newer PostgreSQL, may provide it.
packages=()
reasons=()
need() { # package, reason
    packages+=("$1")
    reasons+=("$2")
}
has() { command -v "$1" >/dev/null 2>&1; }
library() { # pkg-config name, package, reason
    if has pkg-config; then
        pkg-config --exists "$1" || need "$2" "$3"
    else
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$2" 2>/dev/null)" = installed ] || need "$2" "$3"
    fi
}
# The newest server that the programs would use themselves.
postgresql() {
    local bin
    for bin in /usr/lib/postgresql/*/bin; do
        local major=${bin#/usr/lib/postgresql/}
        major=${major%/bin}
        [[ $major =~ ^[0-9]+$ ]] && [ "$major" -ge 14 ] && [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] \
            && [ -x "$bin/psql" ] && return 0
    done
    has pg_config && bin=$(pg_config --bindir 2>/dev/null) && [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ]
}

has pkg-config || need pkg-config "finds the C libraries"
library libpq libpq-dev "PostgreSQL's client library"
library libcurl libcurl4-openssl-dev "HTTP client library"
library yaml-0.1 libyaml-dev "YAML parser library"
library libpcre2-8 libpcre2-dev "regular expressions, of parameters"
library xgboost libxgboost-dev "gradient boosting library, of the model"
[ -e /usr/include/zlib.h ] || need zlib1g-dev "compression library"
[ -e /usr/include/stdio.h ] || need libc6-dev "C headers, for the Swift compiler"
compgen -G '/usr/include/c++/*/vector' >/dev/null || need libstdc++-12-dev "C++ headers, for the Swift compiler"
has ld || need binutils "linker, for the Swift compiler"
has git || need git "fetches the Swift packages"
[ -e /etc/ssl/certs/ca-certificates.crt ] || need ca-certificates "trusted certificates for HTTPS"
[ -e /usr/share/zoneinfo/tzdata.zi ] || need tzdata "time zones"
has setpriv || need util-linux "runs PostgreSQL as an ordinary user"
if ! postgresql; then
    server=postgresql
    # Debian 12 calls it so; elsewhere the release's own version is taken.
    grep -qs '^VERSION_ID="12"' /etc/os-release && server=postgresql-15
    need "$server" "the database server (no default cluster is created or started)"
fi
if [ $tests = yes ]; then
    has chromium || has chromium-browser || has google-chrome || need chromium "the tests look at the pages with a browser"
fi

if [ ${#packages[@]} -gt 0 ]; then
    say "setup: missing packages:"
    for i in "${!packages[@]}"; do printf '  %-22s %s\n' "${packages[$i]}" "${reasons[$i]}"; done
    has apt-get || fail "this system has no apt-get; install the equivalents of: ${packages[*]}"

    sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        if has sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            sudo=(sudo)
        else
            fail "installing them needs root. Run this as root, then start again:" \
                "apt-get update && apt-get install --no-install-recommends ${packages[*]}"
        fi
    fi

    # Debian's server package creates and starts a cluster named main, which nobody here wants. Its configuration reads this
    # folder; the file goes away again, so that a later installation behaves as its owner expects.
    drop_in=/etc/postgresql-common/createcluster.d/00-cryptoflow-setup.conf
    remove_drop_in() { "${sudo[@]}" rm -f "$drop_in"; }
    if [[ " ${packages[*]} " == *" postgresql"* ]]; then
        trap remove_drop_in EXIT
        "${sudo[@]}" mkdir -p "${drop_in%/*}"
        printf '%s\n' 'create_main_cluster = false' "start_conf = 'manual'" | "${sudo[@]}" tee "$drop_in" >/dev/null
    fi

    apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -q -y -o DPkg::Lock::Timeout=120)
    say "setup: apt-get update"
    "${apt[@]}" update || fail "apt-get update failed; see above. Then install by hand: ${packages[*]}"
    say "setup: apt-get install ${packages[*]}"
    "${apt[@]}" install --no-install-recommends "${packages[@]}" \
        || fail "apt-get could not install: ${packages[*]} (see above)"
fi

# --- The toolchain. It is not in Debian, so it is only checked.
has swift || fail "no Swift compiler was found on the PATH." \
    "Install Swift 6.3 from https://www.swift.org/install/linux/ and put its usr/bin on the PATH."
banner=$(swift --version 2>/dev/null || true)
if ! [[ $banner =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]]; then
    fail "$(command -v swift) does not tell its version; is the toolchain complete?"
fi
major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; then
    fail "Swift 6.3 or newer is needed, but $(command -v swift) is $major.$minor." \
        "Install it from https://www.swift.org/install/linux/ and put its usr/bin first on the PATH."
fi

say "setup: everything is there (Swift $major.$minor)"
