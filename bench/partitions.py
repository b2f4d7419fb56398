#!/usr/bin/env python3
"""What partitions of the events table would cost and bring, on a PostgreSQL server of its own: one table, partitions by position, partitions by hash of the stream.

Usage: bench/partitions.py [--events N] [--partitions N]
Prints a table: one order's events by the index, and a page of the journal. Figures are the server's own (EXPLAIN ANALYZE), median of 39.
"""
import argparse
import re
import shutil
import subprocess

from machine import Postgres, room_for_a_run

COLUMNS = 'position BIGINT NOT NULL, stream TEXT COLLATE "C" NOT NULL, seq BIGINT NOT NULL, type TEXT NOT NULL, at BIGINT NOT NULL, data TEXT NOT NULL'
STREAM = "'ord_'||lpad((({n})*7919%1000003)::text,26,'0')"
LOOKS = range(1, 40)
# As the server asks: prepared once, planned without the values.
AS_THE_SERVER = "SET plan_cache_mode=force_generic_plan; SET enable_seqscan=off;"


def psql(server, sql):
    command = ["psql", "-h", server.folder, "-U", "coreldove", "-d", "orders", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    return subprocess.run(command, input=sql, text=True, capture_output=True, check=True).stdout


def make(server, events, partitions):
    psql(server, f"""CREATE TABLE one({COLUMNS}, UNIQUE(position), PRIMARY KEY(stream, seq));
      CREATE TABLE by_position({COLUMNS}, PRIMARY KEY(stream, seq, position), UNIQUE(position)) PARTITION BY RANGE(position);
      CREATE TABLE by_stream({COLUMNS}, PRIMARY KEY(stream, seq)) PARTITION BY HASH(stream); CREATE INDEX ON by_stream(position);""")
    for n in range(partitions):
        psql(server, f"CREATE TABLE by_position_{n} PARTITION OF by_position FOR VALUES FROM ({n * events // partitions}) TO ({(n + 1) * events // partitions});"
                     f"CREATE TABLE by_stream_{n} PARTITION OF by_stream FOR VALUES WITH (MODULUS {partitions}, REMAINDER {n});")
    for table in ("one", "by_position", "by_stream"):
        psql(server, f"INSERT INTO {table} SELECT n, {STREAM.format(n='n/6')}, n%6+1, 'payment_authorized', n, repeat('x', 300) FROM generate_series(0, {events - 1}) n")
        psql(server, f"VACUUM ANALYZE {table}")


def median_ms(text):
    times = sorted(float(t) for t in re.findall(r"Execution Time: ([\d.]+)", text))
    return times[len(times) // 2]


def pages(text):
    """Of each plan, what its uppermost node touched; the most."""
    return max(sum(int(n) for n in re.findall(r"\d+", plan.split("Buffers: shared", 1)[1].splitlines()[0])) for plan in text.split("Execution Time")[:-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=1_500_000)
    parser.add_argument("--partitions", type=int, default=24)
    options = parser.parse_args()
    folder = room_for_a_run("partitions")
    server = Postgres(folder / "pg", options="-c shared_buffers=512MB -c max_wal_size=4GB -c autovacuum=off")
    try:
        server.make_database()
        make(server, options.events, options.partitions)
        print(f"{'':14}{'an order, ms':>14}{'pages':>8}{'500 of the journal, ms':>24}")
        for table in ("one", "by_position", "by_stream"):
            explain = "".join(f"EXPLAIN (ANALYZE, BUFFERS) EXECUTE q({STREAM.format(n=n)});" for n in LOOKS)
            order = psql(server, f"{AS_THE_SERVER} PREPARE q(text) AS SELECT * FROM {table} WHERE stream=$1 ORDER BY seq; {explain}")
            feed = "".join(f"EXPLAIN ANALYZE SELECT * FROM {table} WHERE position>{options.events * n // 40} ORDER BY position LIMIT 500;" for n in LOOKS)
            print(f"{table:14}{median_ms(order):14.2f}{pages(order):8}{median_ms(psql(server, AS_THE_SERVER + feed)):24.2f}")
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
