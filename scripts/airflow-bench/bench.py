#!/usr/bin/env python3
"""Drives the benchmark DAGs of a running Airflow 3 and prints/saves one JSON line per run.

  bench.py ready               waits until the DAGs are known
  bench.py run WHAT [REPS]     WHAT: noop_fanout empty_fanout chain bash_fanout many_runs
  bench.py round [REPS]        all of them, interleaved
  bench.py mem idle|noop_fanout
  bench.py summary             min/median/max over all runs

Each run records: wall seconds (from the metadata DB), tasks/s, CPU seconds used by the Airflow
process trees plus Postgres (so a busy machine shows), and the mean number of cores other
processes were using meanwhile ("other").
"""
import datetime as dt
import glob
import json
import os
import statistics as st
import subprocess
import sys
import time
import urllib.request
import uuid

import psutil
import psycopg2

HOME = os.environ["AIRFLOW_HOME"]
API = f"http://127.0.0.1:{os.environ['WEB_PORT']}"
DB = dict(host="127.0.0.1", port=os.environ["PGPORT_BENCH"], user="airflow", dbname="airflow")
OUT = os.path.join(os.environ["BENCH_DIR"], "results.jsonl")
HZ = os.sysconf("SC_CLK_TCK")
NTASKS = dict(noop_fanout=200, empty_fanout=200, chain=50, bash_fanout=100, many_runs=200)


def q(sql, *a):
    with psycopg2.connect(**DB) as c, c.cursor() as cur:
        cur.execute(sql, a)
        return cur.fetchall()


def service_pids():
    out = {}
    for f in glob.glob(os.path.join(HOME, "run", "*.pid")):
        out[os.path.basename(f)[:-4]] = int(open(f).read())
    return out


def pg_pid():
    return int(open(os.path.join(os.environ["BENCH_DIR"], "pg/data/postmaster.pid")).readline())


def tree(pid):
    try:
        p = psutil.Process(pid)
        return [p] + p.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def tree_cpu(pid):
    """utime+stime+cutime+cstime over the live tree: reaped children are in their parents' c*time."""
    tot = 0
    for p in tree(pid):
        try:
            f = open(f"/proc/{p.pid}/stat").read().rsplit(")", 1)[1].split()
            tot += sum(int(x) for x in f[11:15])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return tot / HZ


def sys_busy():
    f = [int(x) for x in open("/proc/stat").readline().split()[1:]]
    return (sum(f[:3]) + sum(f[5:8])) / HZ


def cpu_snapshot():
    d = {k: tree_cpu(v) for k, v in service_pids().items()}
    d["postgres"] = tree_cpu(pg_pid())
    t = os.times()
    d["driver"] = t.user + t.system + t.children_user + t.children_system
    return sys_busy(), d, time.time()


def cpu_delta(a, b):
    ours = {k: round(b[1][k] - a[1].get(k, 0), 2) for k in b[1]}
    wall = b[2] - a[2]
    other = (b[0] - a[0] - sum(ours.values())) / wall
    return ours, round(other, 2)


def wait_quiet(limit=float(os.environ.get("QUIET_WAIT", "10")), thresh=0.3):
    """Wait (not for long) for the other users of the machine to be quiet."""
    t0 = time.time()
    while time.time() - t0 < limit:
        a = cpu_snapshot(); time.sleep(3); b = cpu_snapshot()
        if cpu_delta(a, b)[1] < thresh:
            break
    return round(time.time() - t0, 1)


_token = None


def trigger(dag_id, run_id, when):
    """Asks for a run as any client does: through the REST API."""
    global _token
    if _token is None:
        _token = post("/auth/token", dict(username="admin", password="admin"))["access_token"]
    post(f"/api/v2/dags/{dag_id}/dagRuns", dict(dag_run_id=run_id, logical_date=when.isoformat()), _token)


def post(path, body, token=None):
    request = urllib.request.Request(API + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def ready():
    """Waits until every DAG has been read."""
    for _ in range(120):
        if q("select count(*) from serialized_dag")[0][0] >= len(NTASKS):
            return
        time.sleep(1)
    raise SystemExit("after two minutes Airflow does not know the DAGs: see the logs of its dag-processor")


def run(what):
    nruns = 40 if what == "many_runs" else 1
    waited = wait_quiet()
    tag = uuid.uuid4().hex[:8]
    base = dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=1)
    ids = [f"b{tag}_{i:03d}" for i in range(nruns)]
    s0 = cpu_snapshot()
    t0 = time.time()
    for i, rid in enumerate(ids):
        trigger(what, rid, base + dt.timedelta(microseconds=1000 * i))
    t1 = time.time()
    while True:
        rows = q("select state,start_date,end_date from dag_run where dag_id=%s and run_id like %s", what, f"b{tag}_%")
        if len(rows) == nruns and all(r[0] in ("success", "failed") for r in rows):
            break
        time.sleep(0.25)
        if time.time() - t0 > 900:
            raise SystemExit(f"{what}: not finished after 900 s: {rows[:3]}")
    s1 = cpu_snapshot()
    ours, other = cpu_delta(s0, s1)
    start, end = min(r[1] for r in rows), max(r[2] for r in rows)
    wall = (end - start).total_seconds()
    n = NTASKS[what]
    tis = q("select run_id,task_id,queued_dttm,start_date,end_date,state from task_instance "
            "where dag_id=%s and run_id like %s order by run_id,task_id", what, f"b{tag}_%")
    res = dict(what=what, ok=all(r[0] == "success" for r in rows) and all(t[5] == "success" for t in tis),
               ntasks=len(tis), wall_s=round(wall, 3), tasks_per_s=round(n / wall, 3),
               trigger_to_end_s=round(end.timestamp() - t0, 3), trigger_call_s=round(t1 - t0, 3),
               trigger_to_start_s=round(start.timestamp() - t0, 3),
               cpu=ours, cpu_per_task=round((sum(ours.values()) - ours["driver"]) / n, 3), other=other, waited=waited,
               at=dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"))
    if what in ("chain", "many_runs"):
        gaps, durs, qs = [], [], []
        for a, b in zip(tis, tis[1:]):
            if a[0] == b[0]:
                gaps.append((b[3] - a[4]).total_seconds() * 1e3)
        for t in tis:
            durs.append((t[4] - t[3]).total_seconds() * 1e3)
            if t[2]:
                qs.append((t[3] - t[2]).total_seconds() * 1e3)
        res.update(gap_ms=pct(gaps), task_ms=pct(durs), queued_to_start_ms=pct(qs))
    elif tis[0][2]:
        res.update(queued_to_start_ms=pct([(t[3] - t[2]).total_seconds() * 1e3 for t in tis if t[2]]),
                   task_ms=pct([(t[4] - t[3]).total_seconds() * 1e3 for t in tis]))
    save(res)
    return res


def pct(v):
    v = sorted(v)
    if not v:
        return {}
    g = lambda p: v[min(len(v) - 1, int(round(p * (len(v) - 1))))]
    return dict(n=len(v), mean=round(sum(v) / len(v), 1), min=round(v[0], 1), p50=round(g(.5), 1), p99=round(g(.99), 1), max=round(v[-1], 1))


def save(res):
    with open(OUT, "a") as f:
        f.write(json.dumps(res) + "\n")
    print(json.dumps(res), flush=True)


def mem_once():
    out = {}
    for name, pid in list(service_pids().items()) + [("postgres", pg_pid())]:
        rss = pss = n = 0
        for p in tree(pid):
            try:
                d = dict(l.split()[:2] for l in open(f"/proc/{p.pid}/smaps_rollup").read().splitlines()[1:])
                rss += int(d["Rss:"]); pss += int(d["Pss:"]); n += 1
            except (OSError, KeyError, ValueError):
                pass
        out[name] = (n, round(rss / 1024), round(pss / 1024))
    return out


def fmt_mem(m):
    d = {k: dict(procs=v[0], rss_mb=v[1], pss_mb=v[2]) for k, v in m.items()}
    af = [v for k, v in m.items() if k != "postgres"]
    d["airflow_total"] = dict(procs=sum(v[0] for v in af), rss_mb=sum(v[1] for v in af), pss_mb=sum(v[2] for v in af))
    return d


def mem(which):
    if which == "idle":
        save(dict(what="mem_idle", mem=fmt_mem(mem_once())))
        a = cpu_snapshot(); time.sleep(20); b = cpu_snapshot()
        ours, other = cpu_delta(a, b)
        save(dict(what="idle_cpu", seconds=20, cpu=ours, cores=round((sum(ours.values()) - ours["driver"]) / 20, 3), other=other))
        return
    p = subprocess.Popen([sys.executable, os.path.abspath(__file__), "run", which, "1"],
                         env={**os.environ, "QUIET_WAIT": "0"})
    peak, best = 0, None
    while p.poll() is None:
        m = mem_once()
        tot = sum(v[2] for k, v in m.items() if k != "postgres")
        if tot > peak:
            peak, best = tot, m
        time.sleep(1)
    save(dict(what="mem_load_" + which, mem=fmt_mem(best)))


def summary():
    for f in [OUT]:
        print("==", os.path.basename(f))
        by = {}
        for l in open(f):
            r = json.loads(l)
            by.setdefault(r["what"], []).append(r)
        mmm = lambda v: f"{min(v):.2f}/{st.median(v):.2f}/{max(v):.2f}"
        for w, rs in by.items():
            if "tasks_per_s" in rs[0]:
                line = (f"{w:14s} n={len(rs)} ok={all(r['ok'] for r in rs)} wall {mmm([r['wall_s'] for r in rs])} s  "
                        f"tasks/s {mmm([r['tasks_per_s'] for r in rs])}  cpu-s/task {mmm([r['cpu_per_task'] for r in rs])}  "
                        f"other {mmm([r['other'] for r in rs])}")
                for k in ("gap_ms", "queued_to_start_ms", "task_ms"):
                    if rs[0].get(k):
                        line += f"\n{'':15s}{k}: " + "  ".join(f"{s} {mmm([r[k][s] for r in rs])}" for s in ("mean", "p50", "p99"))
                print(line)
            else:
                for r in rs:
                    print(json.dumps(r))


if __name__ == "__main__":
    c = sys.argv[1]
    if c == "run":
        for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 1):
            run(sys.argv[2])
    elif c == "round":
        for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 1):
            for w in ("noop_fanout", "empty_fanout", "chain", "bash_fanout", "many_runs"):
                run(w)
    elif c == "ready":
        ready()
    elif c == "mem":
        mem(sys.argv[2])
    elif c == "summary":
        summary()
