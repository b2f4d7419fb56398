#!/usr/bin/env python3
"""How long a start takes after a crash: a store with many orders, some of them unfinished, the server killed, started again.

Usage: bench/recovery.py BUILD STORED OPEN        (nothing is built here; `make recovery` does both)
Prints one line of figures: until it listens, until it is ready, until the last unfinished order is finished; the figures also go to BUILD/bench/recovery.json.
The unfinished ones have an authorization under way at a gateway that does not answer: their outcome is not known to the server that starts.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from run import ROOT, Process, free_ports

API = "/api/order-workflow"
FINISH_WITHIN_S = 600
TRIES = 100


def ask(url, method="GET", body=None):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("X-API-Key", "dev-admin-key")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


class Recovery:
    def __init__(self, build, scratch):
        self.program = build / "coreldove"
        self.log = build / "bench" / "recovery.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        base = free_ports(3)
        self.server_url, self.world_url = f"http://127.0.0.1:{base}", f"http://127.0.0.1:{base + 1}"
        self.environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "JWT_SECRET_KEY", "ENCRYPTION_KEY")}
        self.environment |= {"ENVIRONMENT": "development", "HOST": "127.0.0.1", "PORT": str(base), "LOG_LEVEL": "warning", "RATE_LIMIT_PER_MINUTE": "0",
                             "SANDBOX_URL": self.world_url, "DATA_DIR": str(scratch / "data")}
        (scratch / "data").mkdir()
        subprocess.run([self.program, "catalog", "import", ROOT / "config/sample_catalog.csv"], env=self.environment, check=True, capture_output=True)
        self.world = self.process("sandbox", "--port", base + 1, "--webhooks", f"{self.server_url}{API}/webhooks/in")
        self.server = self.process("serve")

    def process(self, *arguments):
        return Process([self.program, *arguments], self.environment, self.log)

    def load(self, *arguments):
        # Exit status 1 says that some were refused: more came at once than the server takes in.
        if subprocess.run([self.program, "bench", "--url", self.server_url, "--quiet", *map(str, arguments)], stdout=subprocess.DEVNULL).returncode > 1:
            raise SystemExit(f"the load generator failed, see {self.log}")

    def count(self, query):
        return json.loads(ask(f"{self.server_url}{API}/orders?limit=1&{query}"))["total"]

    def unfinished(self):
        return max(self.count("status=received"), self.count("payment_status=unknown"))

    def fill(self, wanted, have, *arguments):
        for _ in range(TRIES):
            missing = wanted - have()
            if missing <= 0:
                return
            self.load("--requests", missing, "--connections", 16, *arguments)
        raise SystemExit(f"the server takes no more orders: {missing} are missing")

    def ready(self):
        try:
            return ask(f"{self.server_url}/health/ready") is not None
        except OSError:
            return False

    def measure(self, stored, unfinished):
        self.fill(stored, lambda: self.count(""), "--until-confirmed", "--confirm-within", "60m")
        ask(self.world_url + "/faults", "POST", {"vendor": "stripe", "operation": "authorize", "kind": "no_answer", "rate": 1.0})
        self.fill(unfinished, self.unfinished)
        stored, left = self.count(""), self.unfinished()
        self.server.child.send_signal(signal.SIGKILL)
        self.server.child.wait()
        ask(self.world_url + "/faults", "DELETE")
        begun = time.monotonic()
        self.server = self.process("serve")
        listening = self.server.started_after
        while not self.ready():
            time.sleep(0.005)
        ready = time.monotonic() - begun
        while self.unfinished() > 0:
            if time.monotonic() - begun > FINISH_WITHIN_S:
                raise SystemExit(f"{self.unfinished()} orders are still unfinished after {FINISH_WITHIN_S} s")
            time.sleep(0.02)
        finished = time.monotonic() - begun
        size = sum(f.stat().st_size for f in pathlib.Path(self.environment["DATA_DIR"]).glob("coreldove.db*"))
        return {"stored": stored, "unfinished": left, "store_bytes": size, "listening_s": listening, "ready_s": ready, "finished_s": finished}

    def stop(self):
        for process in (self.server, self.world):
            process.stop()

    def verify(self):
        return subprocess.run([self.program, "verify"], env=self.environment, capture_output=True, text=True)


def main():
    build, stored, unfinished = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), int(sys.argv[3])
    # Beside the build, not in /tmp: that may be memory, and then a store is read faster than from any disk.
    with tempfile.TemporaryDirectory(prefix="recovery-", dir=build) as scratch:
        recovery = Recovery(build, pathlib.Path(scratch))
        try:
            found = recovery.measure(stored, unfinished)
        finally:
            recovery.stop()
        verified = recovery.verify()
    (build / "bench" / "recovery.json").write_text(json.dumps(found, indent=2) + "\n")
    print("{stored} orders stored ({size:.0f} MB), {unfinished} of them unfinished: listening after {listening_s:.2f} s, ready after {ready_s:.2f} s, "
          "all finished after {finished_s:.2f} s".format(size=found["store_bytes"] / 1e6, **found))
    if verified.returncode != 0:
        raise SystemExit("the store does not add up afterwards:\n" + verified.stdout)


if __name__ == "__main__":
    main()
