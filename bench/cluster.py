#!/usr/bin/env python3
"""What distribution costs: the embedded store, one server on PostgreSQL, three nodes on PostgreSQL, in one run on the same cores.

Usage: bench/cluster.py [--build DIR] [--seconds N] [--connections 64,256] [--json FILE]       (nothing is built here; run it on a quiet machine)

Every order is answered once it is confirmed; refused are those that admission turns away with 503 at once. Each arrangement starts with a database of its own
and a short warm-up; N (15) is the time of one measurement. CPU is what the processes used, by the system's count: servers, database, load generators, for each
confirmed order. The table says how the others do in comparison to the one server on PostgreSQL; the figures also go to BUILD/bench/cluster.json.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from machine import ROOT, Postgres, Server, World, cpu_seconds, import_catalog, room_for_a_run, settings, until

WARM_UP_S = 3
POSTGRES_OPTIONS = "-c shared_buffers=256MB -c max_wal_size=2GB"
REFERENCE = "PostgreSQL, one server"


class Arrangement:
    """Servers and what they need, from start() to stop()."""

    def __init__(self, name, nodes, database):
        self.name, self.nodes, self.database = name, nodes, database
        self.parts, self.servers, self.postgres = [], [], None

    def start(self, program, scratch):
        self.program = program
        self.world = self.part(World(program, scratch / "world"))
        common = settings(LOG_LEVEL="warning") | self.world.settings()
        if self.database:
            self.postgres = self.part(Postgres(scratch / "pg", options=POSTGRES_OPTIONS))
            self.postgres.make_database()
            common |= {"DATABASE_URL": self.postgres.url()}
        for n in range(1, self.nodes + 1):
            own = {"CLUSTER_NODE_ID": f"node-{n}"} if self.nodes > 1 else {}
            server = self.part(Server(program, scratch / f"node-{n}", common | own))
            self.servers.append(server)
            if n == 1:
                import_catalog(program, server.environment)
            server.launch()
        for server in self.servers:
            server.listens()
        if until(lambda: all(s.ready() for s in self.servers), 30) is None:
            raise SystemExit(f"{self.name}: not ready, see {scratch}")

    def part(self, one):
        self.parts.append(one)
        return one

    def stop(self):
        for part in reversed(self.parts):
            part.stop()

    def load(self, connections, seconds, scratch):
        """One generator for each node; what they found."""
        files, children = [], []
        for n, server in enumerate(self.servers):
            mine = connections // self.nodes + (n < connections % self.nodes)
            file = scratch / f"load-{time.monotonic_ns()}.json"
            command = [self.program, "bench", "--url", f"http://127.0.0.1:{server.port}", "--connections", mine, "--duration", f"{seconds}s", "--wait", 30, "--quiet", "--json", file]
            children.append(subprocess.Popen([str(a) for a in command], stdout=subprocess.DEVNULL))
            files.append(file)
        for child in children:
            if child.wait() > 1:
                raise SystemExit(f"{self.name}: the load generator failed")
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]

    def used(self):
        servers = cpu_seconds([s.process.pid for s in self.servers])
        return servers, self.postgres.cpu_seconds() if self.postgres else 0.0

    def measure(self, connections, seconds, scratch):
        machine = os.times()
        servers, database = self.used()
        found = self.load(connections, seconds, scratch)
        servers_after, database_after = self.used()
        rate = sum(f["orders_per_second"] for f in found)
        creates = [f["operations"]["create"] for f in found]
        orders = sum(c["answered"] for c in creates)
        per = 1e6 / orders
        return {
            "arrangement": self.name, "connections": connections, "orders_per_second": rate, "orders": orders,
            "refused": sum(c["refused"]["answered"] for c in creates), "errors": sum(c["errors"] - c["refused"]["answered"] for c in creates),
            "p50_ms": max(c["p50_ms"] for c in creates), "p99_ms": max(c["p99_ms"] for c in creates),
            "server_cpu_us": (servers_after - servers) * per, "database_cpu_us": (database_after - database) * per,
            "generator_cpu_us": (os.times().children_user + os.times().children_system - machine.children_user - machine.children_system) * per,
        }


def report(rows):
    reference = {r["connections"]: r["orders_per_second"] for r in rows if r["arrangement"] == REFERENCE}
    print(f"{'':28}{'connections':>12}{'orders/s':>10}{'of one':>8}{'p50 ms':>8}{'p99 ms':>8}{'refused':>9}{'errors':>8}   CPU for an order, us: server, database, generator")
    for r in rows:
        print(f"{r['arrangement']:28}{r['connections']:12}{r['orders_per_second']:10.0f}{r['orders_per_second'] / reference[r['connections']]:8.2f}{r['p50_ms']:8.1f}{r['p99_ms']:8.1f}"
              f"{r['refused']:9}{r['errors']:8}   {r['server_cpu_us']:8.0f}{r['database_cpu_us']:8.0f}{r['generator_cpu_us']:8.0f}")
    print(f"\nOf several generators the worst percentile counts. {len(os.sched_getaffinity(0))} cores for everything.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--connections", type=lambda text: [int(n) for n in text.split(",")], default=[64, 256])
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    options.build = options.build.resolve()
    program = options.build / "coreldove"
    if not program.exists():
        raise SystemExit(f"{program} is missing: build first")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows = []
    for arrangement in (Arrangement("embedded SQLite", 1, False), Arrangement(REFERENCE, 1, True), Arrangement("PostgreSQL, three nodes", 3, True)):
        scratch = room_for_a_run("figures")
        try:
            arrangement.start(program, scratch)
            arrangement.load(options.connections[0], WARM_UP_S, scratch)
            for connections in options.connections:
                print(f"  {arrangement.name}, {connections} connections", file=sys.stderr, flush=True)
                rows.append(arrangement.measure(connections, options.seconds, scratch))
        finally:
            arrangement.stop()
            shutil.rmtree(scratch, ignore_errors=True)
    report(rows)
    file = options.json or options.build / "bench" / "cluster.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0 if all(r["errors"] == 0 for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
