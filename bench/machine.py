"""The processes of an installation on one machine, for the programs that try it out: PostgreSQL, Redis, the sandbox world, nodes; and somebody who asks them.

Everything lives in one folder and ends with stop(). Nothing here is installed or built: `make` does that.
"""
import collections
import concurrent.futures
import ctypes
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
API = "/api/order-workflow"
KEY = {"X-API-Key": "dev-admin-key", "Content-Type": "application/json"}
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
START_WITHIN_S = 60
STOP_WITHIN_S = 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(holds, within, every=0.05):
    """Seconds until `holds()` was true; None where it was not `within` that many."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > within:
            return None
        time.sleep(every)
    return time.monotonic() - begun


def cpu_seconds(pids):
    """Used so far by these processes and by the children of theirs that have ended."""
    used = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        used += sum(int(f) for f in fields[11:15])
    return used / os.sysconf("SC_CLK_TCK")


def descendants(pid):
    """The process and all below it."""
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        for task in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            left += [int(p) for p in task.read_text(encoding="ascii").split()]
    return found


class Process:
    """A child that ends with the thread that made it, so that none is left behind. `where` is called in the child first: it puts it into another network, for instance."""

    def __init__(self, arguments, environment, log, where=None):
        def begin():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if where:
                where()

        self.name = " ".join(str(a) for a in arguments[:2])
        self.log = log
        with open(log, "a", encoding="utf-8") as out:
            # A session of its own: Ctrl-C is for this program, which then ends its children in order.
            self.child = subprocess.Popen([str(a) for a in arguments], env=environment, stdout=subprocess.PIPE, stderr=out, text=True, preexec_fn=begin,
                                          start_new_session=True)
        self.pid = self.child.pid
        self.lines = collections.deque(maxlen=200)
        self.heard = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.child.stdout:
            with self.heard:
                self.lines.append(line.rstrip("\n"))
                self.heard.notify_all()
        with self.heard:
            self.lines.append(None)
            self.heard.notify_all()

    def line_with(self, text, within=START_WITHIN_S):
        """The line of its output that contains this."""
        found = []

        def there():
            found[:] = [line for line in self.lines if line is not None and text in line]
            return bool(found) or None in self.lines

        with self.heard:
            self.heard.wait_for(there, within)
        if not found:
            raise SystemExit(f"{self.name} did not start, see {self.log}:\n" + pathlib.Path(self.log).read_text(encoding="utf-8")[-2000:])
        return found[0]

    def alive(self):
        return self.child.poll() is None

    def send(self, which):
        if self.alive():
            self.child.send_signal(which)

    def stop(self, how=signal.SIGTERM):
        """Its exit status; killed where it takes too long."""
        self.send(how)
        if how != signal.SIGKILL:
            self.send(signal.SIGCONT)
        try:
            return self.child.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait()


class Postgres:
    """A server of its own, with Debian's binaries. Connections over its socket, and over TCP where it is given an address. `of`: a streaming replica of that one."""

    def __init__(self, folder, where=None, address="", options="", of=None):
        self.folder, self.where = folder, where
        self.environment = os.environ | {"POSTGRES_ADDRESS": address, "POSTGRES_OPTIONS": options}
        if os.geteuid() == 0:
            for above in folder.parents:  # the server is another user, who has to get there
                if above.stat().st_mode & 0o1 == 0:
                    above.chmod(above.stat().st_mode | 0o1)
        if of:
            self._do("replica", of.folder)
        else:
            self.start()

    def _do(self, what, *more):
        done = subprocess.run([ROOT / "tests/postgres/server.sh", what, self.folder, *more], env=self.environment, preexec_fn=self.where, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        if done.returncode:
            raise SystemExit(f"PostgreSQL, {what}: {done.stderr}")

    def start(self):
        self._do("start")

    def stop(self):
        self._do("stop")

    def pid(self):
        return int((self.folder / "data/postmaster.pid").read_text(encoding="ascii").split()[0])

    def kill(self):
        """As when the machine loses power, for its clients: every process at once."""
        pids = descendants(self.pid())
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids), STOP_WITHIN_S)

    def cpu_seconds(self):
        return cpu_seconds(descendants(self.pid()))

    def ask(self, sql, database="orders"):
        """Rows, each a list of texts."""
        command = ["psql", "-h", self.folder, "-U", "coreldove", "-d", database, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]
        done = subprocess.run(command, text=True, capture_output=True, check=False, timeout=30)
        if done.returncode:
            raise OSError(done.stderr.strip())
        return [line.split("|") for line in done.stdout.splitlines()]

    def make_database(self, name="orders"):
        self.ask(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0", "postgres")

    def url(self, host=None, database="orders"):
        return f"postgresql://coreldove@{host or ''}/{database}" + ("" if host else f"?host={self.folder}")


class Redis:
    def __init__(self, folder, port, host="127.0.0.1", where=None):
        self.folder, self.port, self.host, self.where = folder, port, host, where
        folder.mkdir(exist_ok=True)
        self.process = None
        self.start()

    def start(self):
        command = ["redis-server", "--port", self.port, "--bind", self.host, "--protected-mode", "no", "--save", "", "--appendonly", "no", "--dir", self.folder]
        self.process = Process(command, os.environ, self.folder / "log", self.where)
        self.process.line_with("Ready to accept connections")

    def kill(self):
        self.process.stop(signal.SIGKILL)

    def stop(self):
        self.process.stop()

    def url(self):
        return f"redis://{self.host}:{self.port}/0"


class Client:
    """One kept connection, made anew when it breaks."""

    def __init__(self, port, timeout=30, host="127.0.0.1", fields=None):
        self.host, self.port, self.timeout, self.connection = host, port, timeout, None
        self.fields = fields or KEY

    def ask(self, method, path, body=None, fields=None):
        """(status, header fields, body). OSError or http.client.HTTPException where nothing came back."""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
            self.connection.request(method, path, None if body is None else json.dumps(body), self.fields | (fields or {}))
            answer = self.connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def json(self, method, path, body=None, fields=None):
        status, _, text = self.ask(method, path, body, fields)
        if status >= 300:
            raise OSError(f"{method} {path}: {status} {text[:300]}")
        return json.loads(text)

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def order(sku="BENCH-0001", quantity=1):
    address = {"name": "A. Buyer", "line1": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US"}
    return {"customer_id": f"cust_{time.monotonic_ns()}", "currency": "USD", "payment_method": "credit_card", "payment_token": "tok_visa",
            "payment_gateway": "stripe", "shipping_method": "standard", "billing_address": address, "shipping_address": address,
            "items": [{"product_id": "p", "sku": sku, "name": "Widget", "quantity": quantity, "unit_price": "10.00"}]}


class Server:
    """`coreldove serve`, with a port that stays the same when it is started again."""

    def __init__(self, program, folder, environment, host="127.0.0.1", port=None, where=None):
        self.program, self.folder, self.where = program, folder, where
        self.host, self.port = host, port or free_port()
        folder.mkdir(parents=True)
        self.environment = environment | {"HOST": host, "PORT": str(self.port), "DATA_DIR": str(folder)}
        self.process = None

    def launch(self):
        self.process = Process([self.program, "serve"], self.environment, self.folder / "log", self.where)

    def listens(self):
        self.process.line_with("listening on http")

    def start(self):
        self.launch()
        self.listens()

    def alive(self):
        return self.process is not None and self.process.alive()

    def stop(self, how=signal.SIGTERM):
        return self.process.stop(how) if self.process else 0

    def ready(self, timeout=3):
        client = Client(self.port, timeout, self.host)
        try:
            return client.ask("GET", "/health/ready")[0] == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            client.close()

    def figures(self):
        """Of /metrics: {name or name{label="value"}: number}; empty where it does not answer."""
        client = Client(self.port, 3, self.host)
        try:
            text = client.ask("GET", "/metrics")[2].decode()
        except (OSError, http.client.HTTPException):
            return {}
        finally:
            client.close()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))}


def settings(**more):
    """A server's environment: nothing of the caller's but what a program needs."""
    return {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")} | {"ENVIRONMENT": "development", "LOG_LEVEL": "info"} | more


class World:
    """The sandbox as a process of its own, so that its ledger does not depend on what becomes of the nodes."""

    def __init__(self, program, folder, host="127.0.0.1", where=None):
        folder.mkdir(parents=True)
        command = [program, "sandbox", "--host", host, "--port", 0, "--smtp-port", 0, "--webhooks", ""]
        self.process = Process(command, settings(DATA_DIR=str(folder)), folder / "log", where)
        self.host = host
        self.port = int(self.process.line_with("listening on http").rsplit(":", 1)[1])
        self.mail = self.process.line_with("mail on").split(" on ")[1].strip()

    def url(self):
        return f"http://{self.host}:{self.port}"

    def settings(self):
        return {"SANDBOX_URL": self.url(), "SMTP_API_BASE": self.mail}

    def ledger(self, query=""):
        text = Client(self.port, 60, self.host).ask("GET", "/ledger" + query)[2]
        return [json.loads(line) for line in text.splitlines()]

    def stop(self):
        self.process.stop()


def effects_twice(ledger):
    """Of a ledger of orders that are paid, shipped and ended as a whole: what took effect more than once under one key, or for one order."""
    once = ("authorize", "capture", "void", "label")
    keys = collections.Counter((row["vendor"], row["operation"], row["idempotency_key"]) for row in ledger if row["idempotency_key"])
    orders = collections.Counter((row["operation"], row["order_id"]) for row in ledger if row["operation"] in once and row["order_id"])
    return [what for what, times in (keys + orders).items() if times > 1]


def import_catalog(program, environment):
    subprocess.run([program, "catalog", "import", ROOT / "config/sample_catalog.csv"], env=environment, check=True, capture_output=True)


def verify(program, environment):
    """(is everything in the store right, what the check says)."""
    done = subprocess.run([program, "verify"], env=environment, capture_output=True, text=True, check=False)
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def together(jobs):
    """Does all at once; the first exception is the caller's."""
    with concurrent.futures.ThreadPoolExecutor(max(1, len(jobs))) as pool:
        return [f.result() for f in [pool.submit(j) for j in jobs]]


def room_for_a_run(name):
    """A folder on a disk (memory would make flushes free), with a short name: a socket lives in it."""
    for place in (pathlib.Path("/var/tmp"), pathlib.Path("/tmp")):
        if os.access(place, os.W_OK):
            break
    folder = place / f"coreldove-{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
