#!/usr/bin/env python3
"""Reports from a streaming replica: used while it is there and new enough, and left out at once where it is not.

Usage: tests/cli/replica_test.py BUILD
"""
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))

from machine import API, Client, Postgres, Server, order, room_for_a_run, settings, until  # noqa: E402

BUILD = pathlib.Path("build")
BOUND_S = 2


class Replica(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.running = []
        cls.scratch = room_for_a_run("replica")
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        cls.primary = Postgres(cls.scratch / "primary")
        cls.addClassCleanup(cls.primary.stop)
        cls.primary.make_database()
        cls.replica = Postgres(cls.scratch / "replica", of=cls.primary)
        cls.addClassCleanup(cls.replica.stop)
        cls.server = cls.serve("server", cls.replica.url())
        cls.client = Client(cls.server.port)
        cls.addClassCleanup(cls.client.close)
        for _ in range(3):
            cls.client.json("POST", f"{API}/orders", order(), {"Prefer": "wait=10"})

    @classmethod
    def serve(cls, name, replica):
        common = settings(DATABASE_URL=cls.primary.url(), DATABASE_REPLICA_URL=replica, DATABASE_REPLICA_BEHIND=f"{BOUND_S}s")
        server = Server(BUILD / "coreldove", cls.scratch / f"server-{name}", common)
        cls.addClassCleanup(server.stop)
        cls.running.append(server)
        server.start()
        return server

    def report(self):
        """(orders in it, its age in seconds or None)."""
        status, fields, text = self.client.ask("GET", f"{API}/analytics/performance")
        self.assertEqual(status, 200, text)
        age = fields["Age"]
        return json.loads(text)["orders"], None if age is None else int(age)

    def state(self):
        return self.client.json("GET", "/health")["components"]["replica"]

    def comes_from(self, replica):
        return until(lambda: (self.report()[1] is not None) == replica, 15, 0.1)

    def reads(self, where):
        return self.server.figures().get(f'coreldove_replica_reads_total{{from="{where}"}}', 0)

    def test_1_reports_come_from_the_replica_and_say_how_old_they_are(self):
        self.assertIsNotNone(self.comes_from(True))
        self.assertIsNotNone(until(lambda: self.report()[0] == 3, 10))
        orders, age = self.report()
        self.assertEqual(orders, 3)
        self.assertLessEqual(age, BOUND_S)
        self.assertEqual(self.state()["state"], "up")
        self.assertLessEqual(self.server.figures()["coreldove_replica_behind_seconds"], BOUND_S)
        # It is the replica that was asked: it alone knows of this statement's session.
        sessions = self.replica.ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
        self.assertGreaterEqual(int(sessions[0][0]), 2)

    def test_2_one_that_is_too_far_behind_is_left_out_until_it_has_caught_up(self):
        self.assertIsNotNone(self.comes_from(True))
        self.replica.ask("SELECT pg_wal_replay_pause()")
        self.client.json("POST", f"{API}/orders", order(), {"Prefer": "wait=10"})
        # Older and older, up to the bound; then what is committed now, from the primary.
        self.assertIsNotNone(self.comes_from(False))
        self.assertEqual(self.report(), (4, None))
        self.assertIsNotNone(until(lambda: "behind" in self.state()["detail"], 5))
        self.assertEqual(Client(self.server.port).ask("GET", "/health/ready")[0], 200)
        self.replica.ask("SELECT pg_wal_replay_resume()")
        self.assertIsNotNone(self.comes_from(True))
        self.assertEqual(self.report()[0], 4)

    def test_3_one_that_dies_costs_no_answer(self):
        self.assertIsNotNone(self.comes_from(True))
        before = self.reads("primary")
        self.replica.kill()
        for _ in range(20):
            self.assertEqual(self.report()[0], 4)
        self.assertIsNotNone(self.comes_from(False))
        self.assertGreater(self.reads("primary"), before)
        self.assertIsNotNone(until(lambda: self.state()["state"] == "degraded", 10))
        self.replica.start()
        self.assertIsNotNone(self.comes_from(True))

    def test_4_what_takes_writes_or_is_another_database_is_none(self):
        self.server.stop()
        self.primary.make_database("other")
        self.assertIsNotNone(until(lambda: self.replica.ask("SELECT 1 FROM pg_database WHERE datname = 'other'"), 10))
        for name, place, said in (("primary", self.primary.url(), "it takes writes"), ("other", self.replica.url(database="other"), "not a replica of this database")):
            client = Client(self.serve(name, place).port)
            self.assertIsNotNone(until(lambda c=client, s=said: s in c.json("GET", "/health")["components"].get("replica", {}).get("detail", ""), 10), name)
            self.assertIsNone(client.ask("GET", f"{API}/analytics/performance")[1]["Age"])
            client.close()
            self.running.pop().stop()

    def test_5_a_replica_needs_a_database_that_can_have_one(self):
        for database, replica in (("", self.replica.url()), (self.primary.url(), "redis://somewhere")):
            done = subprocess.run([BUILD / "coreldove", "serve"], env=settings(DATABASE_URL=database, DATABASE_REPLICA_URL=replica), capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, "DATABASE_REPLICA_URL: .* is not allowed; allowed is postgresql://")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
