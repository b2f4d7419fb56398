"""Who uses a cluster while faults happen to it, and what is read from the books afterwards."""
import collections
import http.client
import json
import random
import threading
import time

from machine import API, Client, effects_twice, order, until, verify

ANSWER_WITHIN_S = 3
GIVE_UP_AFTER_S = 90
CANCELLED = 7  # of domain::order_status


class Notes:
    """What the buyers were told."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged, self.cancelled, self.fulfilled = {}, set(), set()
        self.refused, self.odd, self.given_up = 0, [], []
        self.answers = collections.Counter()


class Buyer(threading.Thread):
    """Places orders one after another, each under a key of its own and again until it is answered, at any node; cancels some of them, fulfils others."""

    def __init__(self, number, seed, host, addresses, fields, notes):
        super().__init__(daemon=True)
        self.number, self.host, self.notes = number, host, notes
        self.dice = random.Random(f"{seed}/{number}")
        self.clients = [Client(port, ANSWER_WITHIN_S, address, fields) for address, port in addresses]
        self.over = threading.Event()

    def run(self):
        self.host.enter()
        n = 0
        while not self.over.wait(self.dice.uniform(0.0, 0.06)):
            n += 1
            self.order(f"{self.number}-{n}")

    def order(self, name):
        sku = "WIDGET-001" if self.dice.random() < 0.05 else f"BENCH-{self.dice.randint(1, 50):04}"
        body = order(sku, self.dice.randint(1, 2)) | {"customer_id": f"cust_{name}"}
        document = self.until_answered("/orders", body, name)
        if document is None:
            return
        ident, chance = document["id"], self.dice.random()
        with self.notes.lock:
            self.notes.acknowledged[ident] = name
        if chance < 0.15 and self.until_answered(f"/orders/{ident}/cancel", {"reason": "changed my mind"}, f"{name}-cancel"):
            with self.notes.lock:
                self.notes.cancelled.add(ident)
        elif chance > 0.85 and self.until_answered(f"/orders/{ident}/fulfill", {}, f"{name}-fulfill"):
            with self.notes.lock:
                self.notes.fulfilled.add(ident)

    def until_answered(self, path, body, key):
        """The document; None where the answer is a refusal. Asked again, at any node, as long as nobody knows or nobody can."""
        begun = time.monotonic()
        while time.monotonic() - begun < GIVE_UP_AFTER_S:
            client = self.dice.choice(self.clients)
            try:
                status, _, text = client.ask("POST", API + path, body, {"Idempotency-Key": key})
            except (OSError, http.client.HTTPException):
                status = 0
            with self.notes.lock:
                self.notes.answers[status] += 1
            if status in (200, 201, 202):
                return json.loads(text)
            if status not in (0, 429, 500, 502, 503, 504):
                with self.notes.lock:
                    self.notes.refused += 1
                    if status not in (409, 422):
                        self.notes.odd.append(f"{path}: {status} {text[:200]}")
                return None
            time.sleep(self.dice.uniform(0.05, 0.3))
        with self.notes.lock:
            self.notes.given_up.append(f"{path} under the key {key}")
        return None


class Books:
    """Reads what is stored, and what took effect outside; each finding is one line."""

    def __init__(self, cluster, notes):
        self.cluster, self.notes = cluster, notes

    def waiting(self):
        """Orders with work that is not finished."""
        return {row[0] for row in self.cluster.postgres.ask("SELECT id FROM orders WHERE unfinished = 1")}

    def findings(self):
        with self.notes.lock:
            acknowledged, cancelled, odd = set(self.notes.acknowledged), set(self.notes.cancelled), list(self.notes.odd)
        found = [f"an answer that nobody expects: {what}" for what in odd]
        ask = self.cluster.postgres.ask
        stored = {row[0]: int(row[1]) for row in ask("SELECT id, status FROM orders")}
        found += [f"{ident} was acknowledged and is lost" for ident in acknowledged - stored.keys()]
        found += [f"{row[0]} ordered once and has {row[1]} orders" for row in ask("SELECT customer_id, count(*) FROM orders GROUP BY 1 HAVING count(*) > 1")]
        found += [f"{ident} was cancelled and has status {stored.get(ident)}" for ident in cancelled if stored.get(ident) != CANCELLED]
        found += [f"stock of {row[0]} out of balance" for row in ask("SELECT sku FROM stock WHERE reserved > on_hand OR reserved < 0")]
        found += [f"twice outside: {what}" for what in effects_twice(self.cluster.ledger())]
        clean, said = verify(self.cluster.program, self.cluster.tools)
        return found if clean else [*found, f"verify: {said[:1500]}"]

    def last_findings(self, within):
        """When no more orders come: all of them end."""
        found = [] if until(lambda: not self.waiting(), within, 0.2) is not None else [f"{len(self.waiting())} orders are not finished after {within} s"]
        found += [f"nobody answered {what}" for what in self.notes.given_up]
        return found + self.findings()
