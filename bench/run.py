#!/usr/bin/env python3
"""The bench suite of `make bench`: starts the built server and the sandbox world, measures, prints one table, writes BUILD/bench/results.json.

Usage: bench/run.py [BUILD]        (build by default; nothing is built here)
SCALE=100000 stops at so many stored orders, a million otherwise; QUICK=1 cuts every time and number to a fifth, to try the suite itself.

Every figure stands beside what this machine allows at best, measured in the same run: HTTP over loopback with nothing behind it, one flush to disk,
rows into SQLite. Compare ratios, not figures, between machines.
"""
import json
import os
import pathlib
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUICK = os.environ.get("QUICK", "") not in ("", "0")
SETTLE_WITHIN = "10m"
API = "/api/order-workflow"
LISTS = {  # name -> query
    "list, newest 50": "limit=50",
    "list, status": "status=confirmed&limit=50",
    "list, SKU": "sku=BENCH-0001&limit=50",
    "list, total and time": "min_total=50&max_total=200&created_after=2020-01-01T00:00:00Z&limit=50",
    "list, status, SKU and total": "status=confirmed&sku=BENCH-0002&min_total=100&limit=50",
}


def seconds(full):
    return f"{max(1, full // 5) if QUICK else full}s"


def orders(full):
    return full // 5 if QUICK else full


def say(what):
    print(what, file=sys.stderr, flush=True)


def free_ports(count):
    """A run of ports that are free now; the sandbox takes its mail port right behind its HTTP port."""
    for _ in range(100):
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                for other in range(port + 1, port + count):
                    with socket.socket() as s:
                        s.bind(("127.0.0.1", other))
                return port
            except OSError:
                continue
    raise SystemExit("no free ports on 127.0.0.1")


class Process:
    """A child that says 'listening on' when it is ready. Stopped by its id, with time to finish."""

    def __init__(self, arguments, environment, log):
        self.log = log
        self.ready = threading.Event()
        self.begun = time.monotonic()
        self.child = subprocess.Popen([str(a) for a in arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not self.ready.wait(180) or self.child.poll() is not None:
            self.stop()
            raise SystemExit(f"{arguments[0]} {arguments[1]} did not start, see {log}")
        self.started_after = self.listening - self.begun
        self.pid = self.child.pid

    def _read(self):
        with open(self.log, "a", encoding="utf-8") as out:
            for line in self.child.stdout:
                out.write(line)
                if "listening on http" in line and not self.ready.is_set():
                    self.listening = time.monotonic()
                    self.ready.set()
        self.ready.set()

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self):
        return int(pathlib.Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.reader.join(5)


class Suite:
    def __init__(self, build, scratch):
        self.build, self.scratch = build, scratch
        self.program = build / "coreldove"
        self.out = build / "bench"
        self.out.mkdir(parents=True, exist_ok=True)
        self.results = {"machine": machine(), "commit": commit(), "quick": QUICK, "limits": {}, "runs": {}}
        self.rows = []
        self.server = self.sandbox = None
        self.data = None
        base = free_ports(3)
        self.server_port, self.sandbox_port = base, base + 1
        self.environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "JWT_SECRET_KEY", "ENCRYPTION_KEY")}
        self.environment |= {
            "ENVIRONMENT": "development", "HOST": "127.0.0.1", "PORT": str(self.server_port), "LOG_LEVEL": "warning", "RATE_LIMIT_PER_MINUTE": "0",
            "SANDBOX_URL": f"http://127.0.0.1:{self.sandbox_port}",
        }

    # ---- processes
    def start(self, data, **settings):
        """Server and sandbox; `data` as it is, or made with the sample catalogue."""
        self.data = data
        environment = self.environment | {"DATA_DIR": str(data)} | settings
        if not data.exists():
            data.mkdir()
            subprocess.run([self.program, "catalog", "import", ROOT / "config/sample_catalog.csv"], env=environment, check=True, capture_output=True)
        self.sandbox = Process([self.program, "sandbox", "--port", self.sandbox_port, "--webhooks",
                                f"http://127.0.0.1:{self.server_port}{API}/webhooks/in"], environment, self.out / "sandbox.log")
        self.server = Process([self.program, "serve"], environment, self.out / "server.log")
        return self.server.started_after

    def stop(self):
        for process in (self.server, self.sandbox):
            if process:
                process.stop()
        self.server = self.sandbox = None

    # ---- measurements
    def load(self, name, *arguments):
        """One run of the load generator; its figures under `name`."""
        say(f"  {name}")
        file = self.out / "load.json"
        file.unlink(missing_ok=True)
        done = subprocess.run([self.program, "bench", "--url", f"http://127.0.0.1:{self.server_port}", "--pid", str(self.server.pid), "--quiet", "--json", file,
                               *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        if not file.exists():
            raise SystemExit(f"the run '{name}' failed with exit status {done.returncode}")
        found = json.loads(file.read_text())
        found["arguments"] = [str(a) for a in arguments]
        if found["gave_up"]:
            raise SystemExit(f"the server could not be reached during '{name}', see {self.out}/server.log")
        if errors := sum(found["errors"].values()):
            say(f"    {errors} errors: {found['errors']}")
            self.row(f"{name}: ERRORS", errors, "")
        if not found.get("settled", {}).get("in_time", True):
            self.row(f"{name}: NOT SETTLED in time, left", found["settled"]["orders"]["received"], "")
        self.results["runs"][name] = found
        return found

    def row(self, name, figure, unit, limit=None, of=None):
        """One line of the table; `limit` is the machine's own best at the nearest thing, described by `of`."""
        self.rows.append({"name": name, "figure": figure, "unit": unit, "limit": limit, "of": of, "ratio": figure / limit if limit else None})

    def measure_limits(self):
        say("limits of the machine")
        file = self.out / "limits.json"
        subprocess.run([self.program, "bench", "limits", "--dir", self.scratch, "--each", seconds(3), "--json", file], check=True, stdout=subprocess.DEVNULL)
        self.results["limits"] = limits = json.loads(file.read_text())
        self.row("machine: HTTP echo, 64 connections", limits["echo_per_second"], "/s")
        self.row("machine: flush to disk, p50", limits["fdatasync_p50_ms"], "ms")
        self.row("machine: SQLite rows in batches", limits["sqlite_rows_per_second"], "/s")

    def measure_micro(self):
        program = self.build / "bench/micro/coreldove-micro"
        if not program.exists():
            raise SystemExit(f"{program} is missing; build the target coreldove-micro")
        say("micro-benchmarks")
        file = self.out / "micro.json"
        subprocess.run([program, "--benchmark_min_time=" + ("0.05" if QUICK else "0.4"), f"--benchmark_out={file}", "--benchmark_out_format=json"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.scratch)
        found = json.loads(file.read_text())["benchmarks"]
        self.results["micro"] = found
        nanoseconds = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
        for b in found:
            if b.get("run_type", "iteration") == "iteration" and not b.get("error_occurred"):
                self.row("micro: " + b["name"].removeprefix("BM_"), b["cpu_time"] * nanoseconds[b["time_unit"]] / 1e3, "us CPU")

    def order_rows(self, name, found):
        create = found["operations"]["create"]
        self.row(f"{name}: orders", found["orders_per_second"], "/s", self.results["limits"]["echo_per_second"], "echo")
        self.row(f"{name}: p50", create["p50_ms"], "ms", self.results["limits"]["fdatasync_p50_ms"], "flush")
        self.row(f"{name}: p99", create["p99_ms"], "ms", self.results["limits"]["fdatasync_p50_ms"], "flush")
        if "server" in found:
            self.row(f"{name}: server CPU an order", found["server"]["cpu_us_per_order"], "us")

    def thread_rows(self, name, found):
        """Where the CPU of an order goes: user space and kernel of each thread together, threads of one name together."""
        threads = {thread: sum(cost) for thread, cost in found["server"]["thread_cpu_us"].items()}
        for thread, cost in sorted(threads.items(), key=lambda t: -t[1]):
            if cost >= 1:
                self.row(f"{name}: CPU in {thread}", cost, "us")

    def measure_orders(self):
        say("orders")
        self.start(self.scratch / "orders")
        try:
            self.load("warm-up", "--duration", seconds(3), "--wait", 30)
            for connections in (64, 1024):
                name = f"wait, {connections} connections"
                found = self.load(name, "--connections", connections, "--duration", seconds(20), "--wait", 30)
                self.order_rows(name, found)
                if connections == 64:
                    self.thread_rows(name, found)
            self.order_rows("stored, 1 connection", self.load("stored, 1 connection", "--connections", 1, "--duration", seconds(5)))
            found = self.load("stored, 64 connections", "--duration", seconds(20), "--until-confirmed", "--confirm-within", SETTLE_WITHIN)
            self.order_rows("stored, 64 connections", found)
            rate = max(1, round(self.results["runs"]["wait, 64 connections"]["orders_per_second"] / 2))
            name = "wait, half that rate, open loop"
            self.order_rows(name, self.load(name, "--rate", rate, "--connections", 256, "--duration", seconds(15), "--wait", 30))
            mixed = self.load("mix", "--mix", "create=90,get=5,list=3,fulfill=2", "--duration", seconds(15), "--wait", 30, "--zipf", 1)
            self.order_rows("90 % create, get, list, fulfil", mixed)
            self.row("memory of the server, peak", mixed["server"]["rss_peak_bytes"] / 2**20, "MiB")
        finally:
            self.stop()

    def measure_confirmed(self):
        n = orders(50_000)
        say(f"{n} orders until confirmed")
        self.start(self.scratch / "confirmed")
        try:
            found = self.load("until confirmed", "--requests", n, "--until-confirmed", "--confirm-within", SETTLE_WITHIN)
        finally:
            self.stop()
        took = found["seconds"] + found["settled"]["seconds_after_load"]
        confirmed = found["settled"]["orders"]["confirmed"]
        self.row(f"{n} orders: confirmed", confirmed, "")
        self.row(f"{n} orders: until all confirmed", took, "s")
        self.row(f"{n} orders: confirmed a second", confirmed / took, "/s", self.results["limits"]["sqlite_rows_per_second"], "SQLite rows")
        self.row(f"{n} orders: server CPU an order", found["server"]["cpu_us_per_order"], "us")

    def measure_scale(self):
        scale = orders(int(os.environ.get("SCALE", "0")) or 1_000_000)
        sizes = sorted({s for s in (orders(10_000), orders(100_000)) if s < scale} | {scale})
        data, ids, stored = self.scratch / "scale", self.scratch / "ids", 0
        for size in sizes:
            say(f"{size} stored orders")
            self.start(data)
            try:
                ingest = self.load(f"{size}: ingest", "--requests", size - stored, "--ids", ids, "--until-confirmed", "--confirm-within", "60m")
            finally:
                self.stop()
            stored = size
            took = self.start(data)
            try:
                self.scale_rows(size, ingest, took, ids)
                if size == sizes[-1]:
                    self.measure_in_flight(size)
            finally:
                self.stop()

    def scale_rows(self, size, ingest, start_up, ids):
        echo = self.results["limits"]["echo_per_second"]
        at = f"{size} stored"
        self.row(f"{at}: ingest", ingest["orders_per_second"], "/s", echo, "echo")
        self.row(f"{at}: start-up", start_up * 1e3, "ms")
        got = self.load(f"{at}: get", "--mix", "get=1", "--known-ids", ids, "--duration", seconds(5))
        self.row(f"{at}: get", got["operations"]["get"]["per_second"], "/s", echo, "echo")
        self.row(f"{at}: get, p99", got["operations"]["get"]["p99_ms"], "ms")
        for name, query in LISTS.items():
            found = self.load(f"{at}: {name}", "--mix", "list=1", "--connections", 4, "--list-query", query, "--duration", seconds(5))
            self.row(f"{at}: {name}, p50", found["operations"]["list"]["p50_ms"], "ms")
            self.row(f"{at}: {name}, p99", found["operations"]["list"]["p99_ms"], "ms")
        self.row(f"{at}: memory after restart", found["server"]["rss_bytes"] / 2**20, "MiB")
        disk = sum(f.stat().st_size for f in self.data.rglob("*") if f.is_file())
        self.row(f"{at}: disk an order", disk / size / 1024, "KiB")

    def measure_in_flight(self, stored):
        """Memory while many orders wait for a gateway that takes its time."""
        n = orders(10_000)
        fault = {"vendor": "stripe", "operation": "authorize", "kind": "slow", "rate": 1.0, "delay_ms": 20_000}
        self.ask(self.sandbox_port, "/faults", json.dumps(fault).encode())
        found = self.load(f"{n} in flight", "--requests", n)
        self.row(f"{stored} stored: memory with {n} in flight", found["server"]["rss_peak_bytes"] / 2**20, "MiB")

    def measure_waiting(self):
        """Orders that wait for a person: their rows, and nothing else."""
        n = orders(100_000)
        say(f"{n} orders on hold")
        data = self.scratch / "waiting"
        self.start(data, HIGH_VALUE_THRESHOLD="0.01")
        try:
            self.load("on hold", "--requests", n)
        finally:
            self.stop()
        self.row(f"{n} on hold: start-up", self.start(data, HIGH_VALUE_THRESHOLD="0.01") * 1e3, "ms")
        try:
            time.sleep(2)  # what is left of the start
            before, begun = self.server.cpu_seconds(), time.monotonic()
            time.sleep(5)
            share = (self.server.cpu_seconds() - before) / (time.monotonic() - begun)
            self.row(f"{n} on hold: CPU while they wait", share * 100, "%")
            self.row(f"{n} on hold: memory", self.server.rss_bytes() / 2**20, "MiB")
            begun = time.monotonic()
            self.ask(self.server_port, f"{API}/reviews?limit=50")
            self.row(f"{n} on hold: a page of reviews", (time.monotonic() - begun) * 1e3, "ms")
        finally:
            self.stop()

    def ask(self, port, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"X-API-Key": "dev-admin-key", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def report(self, took):
        self.results["seconds"] = round(took, 1)
        self.results["table"] = self.rows
        (self.out / "results.json").write_text(json.dumps(self.results, indent=1) + "\n")
        width = max(len(r["name"]) for r in self.rows)
        print(f"{'':{width}}  {'figure':>12} {'':6}  of the machine's own")
        for r in self.rows:
            ratio = f"{r['ratio']:8.3g} x {r['of']}" if r["ratio"] is not None else ""
            print(f"{r['name']:{width}}  {number(r['figure']):>12} {r['unit']:6}  {ratio}".rstrip())
        print(f"\n{took / 60:.1f} minutes; everything in {self.out / 'results.json'}")


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value != int(value) else str(int(value))


def machine():
    model = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo", encoding="utf-8") if l.startswith("model name")), platform.machine())
    memory = next(int(l.split()[1]) for l in open("/proc/meminfo", encoding="utf-8") if l.startswith("MemTotal"))
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": round(memory / 2**20, 1), "kernel": platform.release()}


def commit():
    try:
        return subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    if len(sys.argv) > 2 or not (build / "coreldove").exists():
        raise SystemExit(f"{__doc__}\n{build}/coreldove is missing: build first (make bench does)")
    begun = time.monotonic()
    # Beside the build, not in /tmp: that may be memory, and then flushes would cost nothing.
    with tempfile.TemporaryDirectory(prefix="bench-", dir=build) as scratch:
        suite = Suite(build, pathlib.Path(scratch))
        try:
            suite.measure_limits()
            suite.measure_micro()
            suite.measure_orders()
            suite.measure_confirmed()
            suite.measure_waiting()
            suite.measure_scale()
        finally:
            suite.stop()
        suite.report(time.monotonic() - begun)


if __name__ == "__main__":
    main()
