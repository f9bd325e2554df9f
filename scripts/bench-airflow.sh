#!/usr/bin/env bash
# Measures Apache Airflow on this machine with the same kind of work as `make bench`: no-op tasks, a chain, shell tasks,
# many runs, memory. It installs Airflow from PyPI into a temporary folder, with a PostgreSQL of its own on the loopback
# interface, and removes both at the end. About 2 GB of disk; 3 to 8 minutes to install, 2 minutes a round.
#
#   scripts/bench-airflow.sh [ROUNDS]        1 round by default
#   AIRFLOW_VERSION, IDLE_SLEEP, PARALLELISM, PGPORT_BENCH, WEB_PORT, BENCH_PARENT (/var/tmp) may be set.
set -euo pipefail
cd "$(dirname "$0")/airflow-bench"
HERE=$PWD
rounds=${1:-1}
export HERE
BENCH_DIR=$(mktemp -d "${BENCH_PARENT:-/var/tmp}/airflow-bench-XXXXXX")
export BENCH_DIR
chmod 755 "$BENCH_DIR"
say() { echo "$(date +%T) $*" >&2; }

# PostgreSQL refuses to run as root.
as_server() { if [ "$(id -u)" = 0 ]; then runuser -u "$server" -- "$@"; else "$@"; fi; }
server=nobody
id postgres >/dev/null 2>&1 && server=postgres
pgbin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$pgbin" ] || { echo "there is no PostgreSQL on this machine: make setup installs it" >&2; exit 1; }
command -v python3 >/dev/null || { echo "there is no python3 on this machine" >&2; exit 1; }

services=()
finish() {
    local pid
    for pid in "${services[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
    for pid in "${services[@]}"; do
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
        kill -KILL -- "-$pid" 2>/dev/null || true
    done
    [ -f "$PGDATA_BENCH/postmaster.pid" ] && as_server "$pgbin/pg_ctl" -D "$PGDATA_BENCH" -m immediate stop >/dev/null || true
    rm -rf "$BENCH_DIR"
}
. ./config.sh
trap finish EXIT
trap 'exit 130' INT TERM

say "installing Airflow $AIRFLOW_VERSION from PyPI into $BENCH_DIR"
python3 -m venv "$VENV"
if ! "$VENV/bin/pip" install -q --timeout 20 --retries 1 uv; then
    echo "PyPI cannot be reached, so Airflow cannot be measured here; docs/BENCHMARKS.md has measured figures" >&2
    exit 1
fi
VIRTUAL_ENV=$VENV "$VENV/bin/uv" pip install -q "apache-airflow[postgres]==$AIRFLOW_VERSION" psycopg2-binary asyncpg \
    psutil --exclude-newer "$EXCLUDE_NEWER"

say "starting PostgreSQL on port $PGPORT_BENCH"
mkdir -p "$BENCH_DIR/pg"
[ "$(id -u)" = 0 ] && chown "$server" "$BENCH_DIR/pg"
as_server "$pgbin/initdb" -D "$PGDATA_BENCH" -U airflow -A trust -E UTF8 >/dev/null
as_server "$pgbin/pg_ctl" -w -D "$PGDATA_BENCH" -l "$BENCH_DIR/pg/log" \
    -o "-p $PGPORT_BENCH -c listen_addresses=127.0.0.1 -k $BENCH_DIR/pg -c max_connections=300 -c shared_buffers=512MB" \
    start >/dev/null
psql -q -h 127.0.0.1 -p "$PGPORT_BENCH" -U airflow -d postgres -c "CREATE DATABASE airflow"
airflow db migrate >"$AIRFLOW_HOME/migrate.log" 2>&1 || { tail -5 "$AIRFLOW_HOME/migrate.log" >&2; exit 1; }

say "starting Airflow"
mkdir -p "$AIRFLOW_HOME/run"
for service in api-server scheduler dag-processor triggerer; do
    setsid airflow $service >"$AIRFLOW_HOME/run/$service.log" 2>&1 </dev/null &
    services+=($!)
    echo $! >"$AIRFLOW_HOME/run/$service.pid"
done
for _ in $(seq 120); do
    curl -fs -o /dev/null "http://127.0.0.1:$WEB_PORT/api/v2/monitor/health" && break
    sleep 1
done
"$VENV/bin/python3" bench.py ready
say "measuring: $rounds round(s)"
"$VENV/bin/python3" bench.py round "$rounds"
"$VENV/bin/python3" bench.py mem idle
"$VENV/bin/python3" bench.py summary
say "stopping Airflow and removing $BENCH_DIR"
