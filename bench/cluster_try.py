#!/usr/bin/env python3
"""Three nodes on this machine, a load on all of them; one is killed in the middle and started again. Prints what happens, second by second, and at the end what was lost.

Usage: bench/cluster_try.py [--build DIR] [--seconds N] [--connections N] [--rate N]

Starts PostgreSQL, Redis, the sandbox world and three nodes of the built server in a temporary folder and on free ports of 127.0.0.1, and ends them all, also at Ctrl-C. N (45) is the time under
load. Exit status 1 where an acknowledged order is lost, something took effect twice, the killed node's orders took more than ten seconds to go on, or the
store does not add up.
"""
import argparse
import itertools
import pathlib
import shutil
import signal
import sys
import threading
import time

from machine import API, ROOT, Client, Postgres, Process, Redis, Server, World, effects_twice, free_port, import_catalog, room_for_a_run, settings, together, until, verify

GO_ON_WITHIN_S = 10
SETTLE_WITHIN_S = 60
NODES = 3


class Cluster:
    def __init__(self, options, scratch):
        self.program, self.scratch = options.build / "coreldove", scratch
        self.parts, self.nodes = [], []
        self.options = options

    def start(self):
        self.postgres = self.part(Postgres(self.scratch / "pg"))
        self.postgres.make_database()
        self.redis = self.part(Redis(self.scratch / "redis", free_port()))
        self.world = self.part(World(self.program, self.scratch / "world"))
        self.shared = settings(DATABASE_URL=self.postgres.url(), REDIS_URL=self.redis.url(), CORELDOVE_HTTP_THREADS="1") | self.world.settings()
        import_catalog(self.program, self.shared)
        for n in range(1, NODES + 1):
            self.nodes.append(self.part(Server(self.program, self.scratch / f"node-{n}", self.shared | {"CLUSTER_NODE_ID": f"node-{n}"})))
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.listens()
        if until(lambda: all(together([node.ready for node in self.nodes])), 30) is None:
            raise SystemExit(f"the nodes are not ready, see {self.scratch}")

    def part(self, one):
        self.parts.append(one)
        return one

    def stop(self):
        for part in reversed(self.parts):
            part.stop()

    def shards(self):
        """How many each living node has, by its name."""
        rows = self.postgres.ask("SELECT s.node, count(*) FROM cluster_shards s JOIN cluster_nodes n USING (node, incarnation)"
                                 " WHERE n.lease_until > clock_timestamp() GROUP BY 1")
        return {node: int(count) for node, count in rows}

    def waiting(self):
        """Ids of the orders that nobody has finished working on."""
        return {row[0] for row in self.postgres.ask("SELECT id FROM orders WHERE unfinished = 1")}

    def confirmed(self, node):
        return node.figures().get('coreldove_orders_total{status="confirmed"}', 0)


class Watch(threading.Thread):
    """A line each second."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster, self.over = cluster, threading.Event()
        self.begun = time.monotonic()

    def say(self, what):
        print(f"{time.monotonic() - self.begun:4.0f}  {what}", flush=True)

    def run(self):
        names = "".join(f"{f'node-{n}':>10}" for n in range(1, NODES + 1))
        print(f"   s{names}{'orders/s':>10}{'alive':>7}   shards")
        before, then = [0.0] * NODES, self.begun
        for second in itertools.count(1):
            if self.over.wait(max(0.0, self.begun + second - time.monotonic())):
                return
            seen = [self.cluster.confirmed(node) if node.alive() else 0 for node in self.cluster.nodes]
            now = time.monotonic()
            each = [(figure - past if figure >= past else figure) / (now - then) for figure, past in zip(seen, before)]
            before, then = seen, now
            try:
                shards = self.cluster.shards()
            except OSError:
                shards = {}
            held = " + ".join(str(shards.get(f"node-{n}", 0)) for n in range(1, NODES + 1))
            cells = "".join(f"{rate:10.0f}" if node.alive() else f"{'dead':>10}" for rate, node in zip(each, self.cluster.nodes))
            self.say(f"{cells.rstrip()}{sum(each):10.0f}{sum(n.alive() for n in self.cluster.nodes):7}   {held}")


class Load:
    """The load generator, one process for each node."""

    def __init__(self, cluster):
        self.ids = cluster.scratch / "acknowledged"
        options = cluster.options
        self.processes = []
        for n, node in enumerate(cluster.nodes, 1):
            command = [cluster.program, "bench", "--url", f"http://127.0.0.1:{node.port}", "--connections", options.connections, "--duration", f"{options.seconds}s",
                       "--rate", options.rate / NODES, "--quiet", "--ids", f"{self.ids}-{n}", "--patience", f"{options.seconds}s"]
            self.processes.append(cluster.part(Process(command, settings(), cluster.scratch / f"load-{n}.log")))

    def wait(self):
        for process in self.processes:
            process.child.wait()

    def acknowledged(self):
        return [line for n in range(1, NODES + 1) for line in pathlib.Path(f"{self.ids}-{n}").read_text(encoding="ascii").splitlines()]


def kill_and_return(cluster, watch, victim):
    """Kills a node under load and starts it again; seconds until the orders that it left behind had gone on, and how many they were."""
    node = cluster.nodes[victim - 1]
    node.stop(signal.SIGKILL)
    killed = time.monotonic()
    watch.say(f"--- node-{victim} is killed (kill -9)")
    left = cluster.waiting()
    took = until(lambda: not left & cluster.waiting(), 3 * GO_ON_WITHIN_S, 0.1)
    went_on = None if took is None else time.monotonic() - killed
    watch.say(f"--- the {len(left)} orders that were under way have {'gone on' if went_on else 'NOT gone on'} {'' if went_on is None else f'after {went_on:.1f} s'}")
    time.sleep(max(0.0, killed + cluster.options.seconds / 4 - time.monotonic()))
    node.start()
    watch.say(f"--- node-{victim} is started again")
    return went_on, len(left)


def judge(cluster, load, went_on, left):
    """Reads the books; prints what they say. True where everything is as promised."""
    acknowledged = load.acknowledged()
    client = Client(cluster.nodes[0].port)
    settled = until(lambda: client.json("GET", f"{API}/orders?limit=1&status=received")["total"] == 0, SETTLE_WITHIN_S, 0.2)
    stored = {row[0] for row in cluster.postgres.ask("SELECT id FROM orders")}
    lost = [one for one in acknowledged if one not in stored]
    ledger = cluster.world.ledger()
    twice = effects_twice(ledger)
    oversold = cluster.postgres.ask("SELECT count(*) FROM stock WHERE reserved > on_hand OR reserved < 0")[0][0]
    clean, said = verify(cluster.program, cluster.shared)
    rows = [
        ("orders acknowledged", len(acknowledged), len(acknowledged) > 0),
        ("  of them lost", len(lost), not lost),
        ("  acknowledged twice under one id", len(acknowledged) - len(set(acknowledged)), len(acknowledged) == len(set(acknowledged))),
        ("not finished after the load", "none" if settled is not None else "some", settled is not None),
        ("effects outside (the sandbox's ledger)", len(ledger), len(ledger) > 0),
        ("  twice", len(twice), not twice),
        ("stock promised beyond what is there", oversold, oversold == "0"),
        (f"the killed node's orders ({left} were under way) went on after", "never" if went_on is None else f"{went_on:.1f} s", went_on is not None and went_on <= GO_ON_WITHIN_S),
        ("coreldove verify", said.splitlines()[-1] if said else "", clean),
    ]
    print()
    for what, figure, holds in rows:
        print(f"{what:66} {figure!s:>10}{'' if holds else '   NOT AS PROMISED'}")
    return all(holds for _, _, holds in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--seconds", type=int, default=45, help="under load")
    parser.add_argument("--connections", type=int, default=32, help="of the load to each node")
    parser.add_argument("--rate", type=int, default=600, help="orders a second over all nodes")
    options = parser.parse_args()
    options.build = options.build.resolve()
    if not (options.build / "coreldove").exists():
        raise SystemExit(f"{options.build}/coreldove is missing: build first (make cluster does)")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scratch = room_for_a_run("try")
    cluster = Cluster(options, scratch)
    try:
        print("starting PostgreSQL, Redis, the sandbox world and three nodes …", flush=True)
        cluster.start()
        for n, node in enumerate(cluster.nodes, 1):
            print(f"node-{n}   http://127.0.0.1:{node.port}{API}   metrics http://127.0.0.1:{node.port}/metrics")
        load = Load(cluster)
        watch = Watch(cluster)
        watch.start()
        time.sleep(options.seconds / 3)
        went_on, left = kill_and_return(cluster, watch, victim=2)
        load.wait()
        watch.over.set()
        watch.join()
        good = judge(cluster, load, went_on, left)
    except KeyboardInterrupt:
        print("\nstopping", file=sys.stderr)
        return 130
    finally:
        cluster.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
