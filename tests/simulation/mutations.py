#!/usr/bin/env python3
"""Shows that the simulator bites: breaks the engine in one place after the other and runs seeds until one of them finds it.

Works on a copy of the source tree, so the checkout stays as it is. Prints a table; exit status 1 if a mutation survives or no longer fits the source.
    tests/simulation/mutations.py [--work DIR] [--only NAME ...] [--seeds 200] [--steps 5000] [--build-type Release] [--jobs N]
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["domain", "runtime", "persistence", "integrations", "actors", "http", "bench", "config", "cmake", "tests", ".ci"]
FILES = ["CMakeLists.txt"]

# name, file, the text as it stands, what it becomes
MUTATIONS = [
    ("answer before the commit", "actors/order/order.cpp",
     "  // What follows from the commit must follow",
     "  answer(*in_journal);\n  // What follows from the commit must follow"),
    ("call the gateway before the commit", "actors/order/order.cpp",
     "  // What follows from the commit must follow",
     "  for (const auto* op : open_operations(in_journal->after))\n"
     "    if (op->kind == domain::operation_kind::authorize) perform(*op, false);\n"
     "  // What follows from the commit must follow"),
    ("key not stable over a restart", "actors/order/effects.cpp",
     "context.idempotency_key = idempotency_key(order, op);",
     "context.idempotency_key = idempotency_key(order, op) + (in_doubt ? \"-again\" : \"\");"),
    ("blind retry after a lost answer", "domain/decide.cpp",
     "d.emit(operation_retried{c.n});\n  return true;",
     "{\n    const auto op = d.o.operations[c.n - 1];\n"
     "    d.emit(operation_settled{op.n, operation_outcome::declined, {}, \"retried\", {}, {}, {}});\n"
     "    d.request(op.kind, op.party, op.amount, op.shipment, op.target, op.reason);\n  }\n  return true;"),
    ("release stock twice", "actors/order/append.cpp",
     "for (auto& m : stock_movements(after, e)) a.stock.push_back(std::move(m));",
     "for (auto& m : stock_movements(after, e)) {\n"
     "      if (m.reserved < 0 && m.on_hand == 0) a.stock.push_back(m);\n      a.stock.push_back(std::move(m));\n    }"),
    ("forget a timer when it is set", "actors/order/append.cpp",
     "if (std::find(old.begin(), old.end(), t) == old.end()) out.push_back({t, true});",
     "if (t.n != 2 && std::find(old.begin(), old.end(), t) == old.end()) out.push_back({t, true});"),
    ("a timer fires once and never again", "actors/timer/timekeeper.cpp",
     "std::erase_if(fired, [&](const auto& f) { return now - f.second > not_again_within; });", ""),
    ("carriers are not told of repeats", "actors/order/effects.cpp",
     "context.repeat = in_doubt || op.attempts > 0;", "context.repeat = false;"),
    ("unfinished orders sleep on after a restart", "actors/timer/timekeeper.cpp",
     "bool asking = false, waking = false, recovered = false;", "bool asking = false, waking = false, recovered = true;"),
    ("an order that wakes up does not look for open work", "actors/order/order.cpp",
     "  at = phase::live;\n  perform_open();", "  at = phase::live;"),
    ("a hold is kept after a failed write", "actors/order/order.cpp",
     "caf::anon_send(links->inventory, drop_hold{std::move(moved.order_id)});", ""),
    ("the idempotency key is not in the transaction", "actors/order/order.cpp",
     "d.append.idempotency = record_of(*t.rq.key, a, false);", ""),
    ("an ended order keeps its captured money", "domain/decide.cpp",
     "shipment_state::cancelled && !asked && owed > 0)", "shipment_state::cancelled && !asked && owed < 0)"),
    ("an authorization that comes after the end is kept", "domain/decide_settlement.cpp",
     "if (d.ended()) return d.compensate();\n  switch", "if (d.ended()) return;\n  switch"),
    ("a repeated answer counts again", "domain/decide_settlement.cpp",
     "if (before.state == operation_state::done || before.state == operation_state::declined) return;   // a repeat", ""),
    ("stock moves that the snapshot has are applied again", "actors/inventory/inventory.cpp",
     "if (m.position <= position) return;", ""),
    ("a message leaves the outbox when it was not sent", "actors/notifier/notifier.cpp",
     "if (m.what.kind == operation_outcome::done || m.what.kind == operation_outcome::declined) {",
     "if (m.what.kind != operation_outcome::unknown) {"),
    ("a silent adapter is waited for for ever", "actors/order/order.cpp",
     "std::erase_if(started, [&](const auto& s) { return s.since < long_ago; });", "(void)long_ago;"),
    ("a refusal of a repeat is believed", "actors/order/order.cpp",
     "if (latest && asked->in_doubt && outcome ==", "if (false && outcome =="),
    ("an answer counts as settled before it is on disk", "actors/order/order.cpp",
     "void order_shell::on(const operation_answered& m) {\n  const auto asked",
     "void order_shell::on(const operation_answered& m) {\n"
     "  if (m.what.kind == domain::operation_outcome::done) std::erase_if(started, [&](const under_way& u) { return u.n == m.n; });\n  const auto asked"),
    ("returned goods are put back twice", "domain/decide_people.cpp",
     "for (std::size_t i = 0; i < left.size(); ++i) left[i] -= d.o.returned[i];", ""),
]


def run(command, **options):
    return subprocess.run(command, text=True, capture_output=True, **options)


def copy_tree(to):
    for name in FOLDERS:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, to / name, dirs_exist_ok=True)
    for name in FILES:
        shutil.copy2(ROOT / name, to / name)


def build(source, binary, jobs):
    r = run(["cmake", "--build", str(binary), "-j", str(jobs), "--target", "coreldove-sim"])
    return None if r.returncode == 0 else r.stdout[-2000:] + r.stderr[-2000:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", help="keep the copy and its build here, for the next time")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--build-type", default="Release")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()

    work = pathlib.Path(args.work or tempfile.mkdtemp(prefix="coreldove-mutations-"))
    source, binary = work / "source", work / "build"
    source.mkdir(parents=True, exist_ok=True)
    copy_tree(source)
    configured = run(["cmake", "-S", str(source), "-B", str(binary), "-G", "Ninja", f"-DCMAKE_BUILD_TYPE={args.build_type}"])
    if configured.returncode != 0:
        sys.exit(configured.stdout + configured.stderr)
    if why := build(source, binary, args.jobs):
        sys.exit("the unchanged source does not build:\n" + why)

    simulator = [str(binary / "coreldove-sim"), "--seed", "1", "--seeds", str(args.seeds), "--steps", str(args.steps)]
    survivors = 0
    print(f"{'mutation':<52} {'found by':<10} {'seconds':>7}  what was violated", flush=True)
    for name, path, text, replacement in MUTATIONS:
        if args.only and name not in args.only:
            continue
        file = source / path
        original = file.read_text()
        if original.count(text) != 1:
            print(f"{name:<52} does not fit {path} any more: {original.count(text)} places", flush=True)
            survivors += 1
            continue
        file.write_text(original.replace(text, replacement))
        try:
            if why := build(source, binary, args.jobs):
                print(f"{name:<52} does not build\n{why}", flush=True)
                survivors += 1
                continue
            start = time.monotonic()
            r = run(simulator)
            seconds = time.monotonic() - start
            seed = re.search(r"--seed (\d+)", r.stdout)
            if r.returncode == 0:
                print(f"{name:<52} {'SURVIVED':<10} {seconds:>7.1f}", flush=True)
                survivors += 1
            else:
                found = f"seed {seed.group(1)}" if seed else "a crash"
                first = r.stdout.splitlines()[0] if r.stdout else (r.stderr.splitlines() or [""])[-1]
                print(f"{name:<52} {found:<10} {seconds:>7.1f}  {first[:90]}", flush=True)
        finally:
            file.write_text(original)
    if not args.work:
        shutil.rmtree(work)
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
