#!/usr/bin/env python3
"""Three nodes, PostgreSQL and Redis, each a host of its own in a network made for it; buyers at all nodes; and faults from a seed, one after another.

Usage: tests/faults/cluster.py [--build DIR] [--seed N] [--first N] [--faults N] [--kinds A,B] [--json FILE]

After every fault, and at the end: no acknowledged order lost, none twice, no effect twice (by the sandbox's ledger, which is outside of the nodes), the stock in balance, `coreldove verify` clean,
and what was under way goes on: within ten seconds where a node died. Prints a line per fault; a run that fails prints the line that
replays it. Exit status 1 where something does not hold, 77 where this machine does not let a program make networks.
"""
import argparse
import json
import os
import pathlib
import random
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))

from cluster_buyers import Books, Buyer, Notes  # noqa: E402
from machine import KEY, Client, Postgres, Redis, Server, World, import_catalog, room_for_a_run, settings, until  # noqa: E402
from network import Network  # noqa: E402

SKIPPED = 77
LEASE_S = 5
GO_ON_WITHIN_S = 10       # where a node is gone
GO_ON_AFTER_HEAL_S = 30   # where nobody could have gone on before
READY_WITHIN_S = 30
FINISH_WITHIN_S = 90
NODES = ("node-1", "node-2", "node-3")
BUYERS = 12


class Cluster:
    """All processes, each in its host."""

    def __init__(self, build, scratch, seed):
        self.program, self.scratch = build / "coreldove", scratch
        self.parts, self.nodes = [], {}
        self.network = self.part(Network(["store", "redis", "world", "buyers", *NODES], seed))

    def part(self, one):
        self.parts.append(one)
        return one

    def certificate(self, addresses):
        """By which the nodes know each other: they are not on loopback."""
        folder = self.scratch / "nodes"
        subprocess.run([ROOT / "deploy/certificates.sh", folder, *addresses], check=True, capture_output=True)
        return {f"CLUSTER_TLS_{what}_FILE": str(folder / file) for what, file in (("CERT", "nodes.pem"), ("KEY", "nodes.key"), ("CA", "ca.pem"))}

    def start(self):
        hosts = self.network.hosts
        self.postgres = self.part(Postgres(self.scratch / "pg", hosts["store"].enter, hosts["store"].address))
        self.postgres.make_database()
        self.redis = self.part(Redis(self.scratch / "redis", 6379, hosts["redis"].address, hosts["redis"].enter))
        self.world = self.part(World(self.program, self.scratch / "world", hosts["world"].address, hosts["world"].enter))
        # The books are read over the socket, past all faults.
        self.tools = settings(DATABASE_URL=self.postgres.url(), DATA_DIR=str(self.scratch / "world"))
        import_catalog(self.program, self.tools)
        made = subprocess.run([self.program, "apikey", "create", "--role", "admin", "--name", "buyers"], env=self.tools, check=True, capture_output=True, text=True)
        self.fields = KEY | {"X-API-Key": made.stdout.split()[0]}
        certificate = self.certificate([hosts[name].address for name in NODES])
        for name in NODES:
            more = {"CLUSTER_NODE_ID": name, "CLUSTER_LEASE": f"{LEASE_S}s", "DATABASE_URL": self.postgres.url(hosts["store"].address), "REDIS_URL": self.redis.url()}
            more |= {"CLUSTER_HOST": hosts[name].address, "CLUSTER_PORT": "8101"} | certificate
            environment = settings(**more) | self.world.settings()
            self.nodes[name] = self.part(Server(self.program, self.scratch / name, environment, hosts[name].address, 8001, hosts[name].enter))
            self.nodes[name].launch()
        for node in self.nodes.values():
            node.listens()
        if self.ready_within(READY_WITHIN_S) is None:
            raise SystemExit(f"the nodes are not ready, see {self.scratch}")
        # Payments that take a while, so that there is always something under way.
        rule = {"vendor": "stripe", "operation": "authorize", "kind": "slow", "rate": 0.2, "delay_ms": 800}
        self.outside(lambda: Client(self.world.port, 10, self.world.host).json("POST", "/faults", rule))

    def outside(self, what):
        return self.network.hosts["buyers"].do(what)

    def ready_within(self, seconds):
        return until(lambda: all(self.outside(lambda n=n: n.ready()) for n in self.nodes.values()), seconds, 0.1)

    def ledger(self):
        return self.outside(self.world.ledger)

    def stop(self):
        for part in reversed(self.parts):
            part.stop()


class Faults:
    """Each fault happens, and what it is about is over, when its method returns; it answers how long the orders under way stood still, where that is bounded."""

    def __init__(self, cluster, books):
        self.cluster, self.books = cluster, books

    def someone(self, dice):
        return dice.choice(NODES)

    def went_on(self, left, since, within=GO_ON_AFTER_HEAL_S):
        """Seconds after `since` when none of these orders was unfinished any more."""
        left = set(left)

        def over():
            left.intersection_update(self.books.waiting())
            return not left

        return None if until(over, within, 0.1) is None else time.monotonic() - since

    def kill_node(self, dice):
        """kill -9; it stays away until the others have its orders."""
        name = self.someone(dice)
        self.cluster.nodes[name].stop(signal.SIGKILL)
        killed = time.monotonic()
        took = self.went_on(self.books.waiting(), killed)
        self.cluster.nodes[name].start()
        return name, took, GO_ON_WITHIN_S

    def kill_node_back_at_once(self, dice):
        name = self.someone(dice)
        self.cluster.nodes[name].stop(signal.SIGKILL)
        killed = time.monotonic()
        left = self.books.waiting()
        self.cluster.nodes[name].start()
        return name, self.went_on(left, killed), GO_ON_WITHIN_S + 2

    def stop_node(self, dice):
        """SIGSTOP past its lease: others have its orders when it goes on."""
        name = self.someone(dice)
        self.cluster.nodes[name].process.send(signal.SIGSTOP)
        stopped = time.monotonic()
        took = self.went_on(self.books.waiting(), stopped)
        time.sleep(max(0.0, stopped + LEASE_S + dice.uniform(2, 5) - time.monotonic()))
        self.cluster.nodes[name].process.send(signal.SIGCONT)
        return name, took, GO_ON_WITHIN_S

    def kill_postgres(self, dice):
        self.cluster.postgres.kill()
        time.sleep(dice.uniform(0.2, 8))
        self.cluster.postgres.start()
        back = time.monotonic()
        return "", self.went_on(self.books.waiting(), back), GO_ON_AFTER_HEAL_S

    def kill_redis(self, dice):
        self.cluster.redis.kill()
        left, killed = self.books.waiting(), time.monotonic()
        took = self.went_on(left, killed)
        time.sleep(dice.uniform(0.2, 3))
        self.cluster.redis.start()
        return "", took, GO_ON_WITHIN_S

    def rolling_restart(self, _dice):
        """Each in turn: SIGTERM, start. The status must be 0."""
        longest = 0.0
        for name, node in self.cluster.nodes.items():
            left, begun = self.books.waiting(), time.monotonic()
            status = node.stop()
            if status != 0:
                raise AssertionError(f"{name} ended with status {status}")
            took = self.went_on(left, begun)
            longest = max(longest, float("inf") if took is None else took)
            node.start()
            if self.cluster.ready_within(READY_WITHIN_S) is None:
                raise AssertionError(f"{name} is not ready after it was started again")
        return "", longest, GO_ON_WITHIN_S

    def _links(self, dice, others, seconds, ways="both", **what):
        """Links of one node are bad for a while."""
        name = self.someone(dice)
        for other in others(name):
            if ways in ("both", "out"):
                self.cluster.network.rule(name, other, **what)
            if ways in ("both", "in"):
                self.cluster.network.rule(other, name, **what)
        begun = time.monotonic()
        heal = threading.Timer(seconds, self.cluster.network.heal)
        heal.start()
        took = self.went_on(self.books.waiting(), begun, seconds + GO_ON_AFTER_HEAL_S)
        heal.join()
        detail = f"{name} {'' if ways == 'both' else ways + ' '}{seconds:.0f} s"
        return detail, took, seconds + GO_ON_AFTER_HEAL_S

    def apart_from_nodes(self, dice):
        """From the other nodes, not from the store: orders go on meanwhile."""
        return self._links(dice, lambda name: [n for n in NODES if n != name], dice.uniform(3, 10), loss=1.0)

    def apart_from_store(self, dice):
        """From the store, not from the others; sometimes for longer than its lease."""
        return self._links(dice, lambda _: ["store"], dice.uniform(2, 10), loss=1.0)

    def one_way(self, dice):
        """The node is heard and hears nothing, or the other way round."""
        return self._links(dice, lambda _: ["store"], dice.uniform(2, 10), dice.choice(["in", "out"]), loss=1.0)

    def one_way_between_nodes(self, dice):
        return self._links(dice, lambda name: [n for n in NODES if n != name], dice.uniform(3, 8), dice.choice(["in", "out"]), loss=1.0)

    def alone(self, dice):
        """From everything but the buyers."""
        return self._links(dice, lambda name: ["store", "redis", "world", *(n for n in NODES if n != name)], dice.uniform(2, 10), loss=1.0)

    def slow_network(self, dice):
        """200 ms more, each way, to everything."""
        return self._links(dice, lambda name: ["store", "redis", "world", *(n for n in NODES if n != name)], dice.uniform(4, 8), delay=0.2)

    def lossy_network(self, dice):
        """One packet in twenty, each way."""
        return self._links(dice, lambda name: ["store", "redis", "world", *(n for n in NODES if n != name)], dice.uniform(4, 8), loss=0.05)

    def kinds(self):
        return [name for name in vars(Faults) if not name.startswith("_") and name not in ("someone", "went_on", "kinds", "happen")]

    def happen(self, kind, dice):
        return getattr(self, kind)(dice)


class Run:
    def __init__(self, options, scratch):
        self.options = options
        self.cluster = Cluster(options.build, scratch, options.seed)
        self.notes = Notes()
        self.books = Books(self.cluster, self.notes)
        self.faults = Faults(self.cluster, self.books)
        self.rows = []

    def one(self, number):
        """A fault, and what must hold after it; the findings."""
        dice = random.Random(f"{self.options.seed}/fault {number}")
        kind = dice.choice(self.options.kinds or self.faults.kinds())
        begun, before = time.monotonic(), len(self.notes.acknowledged)
        try:
            detail, took, bound = self.faults.happen(kind, dice)
        except AssertionError as e:
            return [f"{kind}: {e}"]
        finally:
            self.cluster.network.heal()
        found = [] if took is not None and took <= bound else [f"orders under way stood still for {'ever' if took is None else f'{took:.1f} s'}, at most {bound:.0f} s is right"]
        ready = self.cluster.ready_within(READY_WITHIN_S)
        found += [] if ready is not None else ["not every node is ready again"]
        found += [f"{name} has ended by itself" for name, node in self.cluster.nodes.items() if not node.alive()]
        found += self.books.findings()
        row = {"fault": number, "kind": kind, "detail": detail, "went_on_s": took, "seconds": time.monotonic() - begun, "acknowledged": len(self.notes.acknowledged) - before}
        self.rows.append(row)
        went = "" if took is None else f"{took:5.1f} s"
        print(f"{number:4}  {kind:24} {detail:18} went on after {went}  {row['acknowledged']:5} orders meanwhile  {'holds' if not found else 'DOES NOT HOLD'}", flush=True)
        return found

    def go(self):
        self.cluster.start()
        addresses = [(n.host, n.port) for n in self.cluster.nodes.values()]
        host = self.cluster.network.hosts["buyers"]
        buyers = [Buyer(n, self.options.seed, host, addresses, self.cluster.fields, self.notes) for n in range(BUYERS)]
        for buyer in buyers:
            buyer.start()
        found = []
        time.sleep(1)
        for number in range(self.options.first, self.options.first + self.options.faults):
            found += [f"fault {number}: {what}" for what in self.one(number)]
            if found:
                break
        for buyer in buyers:
            buyer.over.set()
        for buyer in buyers:
            buyer.join(120)
        return found + self.books.last_findings(FINISH_WITHIN_S)

    def figures(self):
        n, ledger = self.notes, self.cluster.ledger()
        return {"seed": self.options.seed, "faults": self.rows, "acknowledged": len(n.acknowledged), "cancelled": len(n.cancelled), "fulfilled": len(n.fulfilled),
                "effects": len(ledger), "answers": {str(k): v for k, v in sorted(n.answers.items())}}


def may_make_networks():
    """An explanation where not."""
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "/dev/net/tun is not there or not for this user"
    try:
        Network(["probe"], 0).stop()
    except OSError as e:
        return f"network namespaces are not permitted: {e}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--seed", type=int, default=None, help="of faults, buyers and lost packets (random)")
    parser.add_argument("--first", type=int, default=1, help="number of the first fault")
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--kinds", type=lambda text: text.split(","), help="of faults, with commas between")
    parser.add_argument("--keep", action="store_true", help="leave the logs where they are")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    options = parser.parse_args()
    options.build = options.build.resolve()
    if options.seed is None:
        options.seed = secrets.randbelow(2**31)
    why_not = may_make_networks()
    if why_not:
        print(f"skipped: {why_not}")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scratch = room_for_a_run("faults")
    run = Run(options, scratch)
    found, begun = ["interrupted"], time.monotonic()
    try:
        found = run.go()
        figures = run.figures()
    except KeyboardInterrupt:
        return 130
    finally:
        run.cluster.stop()
        if not options.keep and not found:
            shutil.rmtree(scratch, ignore_errors=True)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"{len(run.rows)} faults in {time.monotonic() - begun:.0f} s: {figures['acknowledged']} orders acknowledged, {figures['cancelled']} cancelled, "
          f"{figures['fulfilled']} sent, {figures['effects']} effects outside; {'nothing lost, nothing twice' if not found else f'{len(found)} FINDINGS'}")
    if found:
        print("\n".join(found[:50]))
        kinds = f" --kinds {','.join(options.kinds)}" if options.kinds else ""
        print(f"logs are in {scratch}; replay: tests/faults/cluster.py --seed {options.seed} --first {options.first} --faults {options.faults}{kinds}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
