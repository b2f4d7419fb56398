#!/usr/bin/env python3
"""Shows that the simulator bites: makes one mistake after the other in the engine and runs seeds until one of them finds it.

Works on a copy of the source tree, so the checkout stays as it is. All mistakes are built in at once, each behind a switch, so there is one build; with none of
them switched on every promise has to hold. Prints a table; exit status 1 if a mutation survives or no longer fits the source.
    tests/simulation/mutations.py [--work DIR] [--only NAME ...] [--seeds 200] [--steps 10000] [--build-type Release] [--jobs N] [--list]
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["domain", "runtime", "persistence", "integrations", "actors", "http", "bench", "config", "cmake", "tests", ".ci"]
FILES = ["CMakeLists.txt", "CMakePresets.json"]

SWITCH = "coreldove_mistake"  # the number of the mistake that is made; 0: none
MAIN = "tests/simulation/main.cpp"

# name, file, the text as it stands, what it becomes; BROKEN is true while this mistake is made
MUTATIONS = [
    ("answer before the commit", "actors/order/order.cpp",
     "  // What follows from the commit must follow",
     "  if (BROKEN) answer(*in_journal);\n  // What follows from the commit must follow"),
    ("call the gateway before the commit", "actors/order/order.cpp",
     "  // What follows from the commit must follow",
     "  for (const auto* op : open_operations(in_journal->after))\n"
     "    if (BROKEN && op->kind == domain::operation_kind::authorize) perform(*op, false);\n"
     "  // What follows from the commit must follow"),
    ("key not stable over a restart", "actors/order/effects.cpp",
     "context.idempotency_key = idempotency_key(order, op);",
     "context.idempotency_key = idempotency_key(order, op) + (BROKEN && in_doubt ? \"-again\" : \"\");"),
    ("blind retry after a lost answer", "domain/decide.cpp",
     "d.emit(operation_retried{c.n});\n  return true;",
     "{\n    if (BROKEN) {\n      const auto op = d.o.operations[c.n - 1];\n"
     "      d.emit(operation_settled{op.n, operation_outcome::declined, {}, \"retried\", {}, {}, {}});\n"
     "      d.request(op.kind, op.party, op.amount, op.shipment, op.target, op.reason);\n"
     "    } else {\n      d.emit(operation_retried{c.n});\n    }\n  }\n  return true;"),
    ("release stock twice", "actors/order/append.cpp",
     "for (auto& m : stock_movements(after, e)) a.stock.push_back(std::move(m));",
     "for (auto& m : stock_movements(after, e)) {\n"
     "      if (BROKEN && m.reserved < 0 && m.on_hand == 0) a.stock.push_back(m);\n      a.stock.push_back(std::move(m));\n    }"),
    ("forget a timer when it is set", "actors/order/append.cpp",
     "if (std::find(old.begin(), old.end(), t) == old.end()) out.push_back({t, true});",
     "if (!(BROKEN && t.n == 2) && std::find(old.begin(), old.end(), t) == old.end()) out.push_back({t, true});"),
    ("a timer fires once and never again", "actors/timer/timekeeper.cpp",
     "std::erase_if(fired, [&](const auto& f) { return now - f.second > not_again_within; });",
     "if (!BROKEN) std::erase_if(fired, [&](const auto& f) { return now - f.second > not_again_within; });"),
    ("carriers are not told of repeats", "actors/order/effects.cpp",
     "context.repeat = in_doubt || op.attempts + op.looks > 0;", "context.repeat = !BROKEN && (in_doubt || op.attempts + op.looks > 0);"),
    ("unfinished orders sleep on after a restart", "actors/timer/timekeeper.cpp",
     "bool asking = false, waking = false, recovered = false;", "bool asking = false, waking = false, recovered = BROKEN;"),
    ("an order that wakes up never looks for open work", "actors/order/effects.cpp",
     "if (!on_its_way) perform(*op, !goes_out_first(just_written, op->n));",
     "if (!on_its_way && !(BROKEN && just_written.empty())) perform(*op, !goes_out_first(just_written, op->n));"),
    ("a hold is kept although its order has let go of it", "actors/inventory/inventory.cpp",
     "    ledger.release(m.order_id);", "    if (!BROKEN) ledger.release(m.order_id);"),
    ("the idempotency key is not in the transaction", "actors/order/order.cpp",
     "d.append.idempotency = record_of(*t.rq.key, a, false);", "if (!BROKEN) d.append.idempotency = record_of(*t.rq.key, a, false);"),
    ("an ended order keeps its captured money", "domain/decide.cpp",
     "if (owed > 0) request(operation_kind::refund,", "if (BROKEN ? owed < 0 : owed > 0) request(operation_kind::refund,"),
    ("an authorization that comes after the end is kept", "domain/decide_settlement.cpp",
     "if (d.ended()) return d.compensate();", "if (d.ended()) return BROKEN ? void() : d.compensate();"),
    ("a repeated answer counts again", "domain/decide_settlement.cpp",
     "if (op.state == operation_state::done) return;  // a repeat", "if (!BROKEN && op.state == operation_state::done) return;  // a repeat"),
    ("stock moves that the snapshot has are applied again", "actors/inventory/inventory.cpp",
     "if (m.position <= position) return;", "if (!BROKEN && m.position <= position) return;"),
    ("a message leaves the outbox when it was not sent", "actors/notifier/notifier.cpp",
     "if (m.what.kind == operation_outcome::done || m.what.kind == operation_outcome::declined) {",
     "if (BROKEN ? m.what.kind != operation_outcome::unknown : m.what.kind == operation_outcome::done || m.what.kind == operation_outcome::declined) {"),
    ("a silent adapter is waited for for ever", "actors/order/order.cpp",
     "std::erase_if(started, [&](const auto& s) { return s.since < long_ago; });",
     "if (!BROKEN) std::erase_if(started, [&](const auto& s) { return s.since < long_ago; });"),
    ("a refusal of a repeat is believed", "actors/order/order.cpp",
     "if (latest && asked->in_doubt && outcome ==", "if (!BROKEN && latest && asked->in_doubt && outcome =="),
    ("an answer to an earlier call is believed", "actors/order/order.cpp",
     "if (!latest && outcome != domain::operation_outcome::done) return;", "if (!BROKEN && !latest && outcome != domain::operation_outcome::done) return;"),
    ("returned goods are put back twice", "domain/decide_people.cpp",
     "for (std::size_t i = 0; i < left.size(); ++i) left[i] -= d.o.returned[i];",
     "for (std::size_t i = 0; !BROKEN && i < left.size(); ++i) left[i] -= d.o.returned[i];"),
    ("a parcel's news counts twice", "domain/decide_fulfillment.cpp", "if (seen) return false;", "if (!BROKEN && seen) return false;"),
    ("a forged notice is taken", "integrations/fedex/webhook.cpp",
     "if (!http::same_in_constant_time(", "if (!BROKEN && !http::same_in_constant_time("),
    ("a notice is acknowledged before it is on disk", "actors/webhooks.cpp",
     "           [all](domain::result<order_answer> r) {\n             if (!acknowledged(r)) all->fail(r.error());",
     "           [all = BROKEN ? nullptr : all](domain::result<order_answer> r) {\n             if (all && !acknowledged(r)) all->fail(r.error());"),
    ("histories go back with the clock", "actors/order/append.cpp",
     "a.at = std::max(now, before.updated_at);", "a.at = BROKEN ? now : std::max(now, before.updated_at);"),
]


def run(command, **options):
    return subprocess.run(command, text=True, capture_output=True, **options)


def list_all():
    """Exit status 1 where one does not fit."""
    unfit = 0
    for name, path, text, _ in MUTATIONS:
        fits = (ROOT / path).read_text().count(text) == 1
        unfit += not fits
        print(f"{name:<52} {path}{'' if fits else '  DOES NOT FIT ANY MORE'}")
    return 1 if unfit else 0


def copy_tree(to):
    for name in FOLDERS:
        shutil.copytree(ROOT / name, to / name, dirs_exist_ok=True)
    for name in FILES:
        shutil.copy2(ROOT / name, to / name)


def build_in(source):
    """Puts all mistakes into the copy; the names of those that do not fit."""
    unfit, changed = [], set()
    for number, (name, path, text, replacement) in enumerate(MUTATIONS, 1):
        file = source / path
        now = file.read_text()
        if now.count(text) != 1:
            unfit.append(name)
            continue
        file.write_text(now.replace(text, replacement.replace("BROKEN", f"({SWITCH} == {number})")))
        changed.add(file)
    for file in changed:
        file.write_text(f"extern const int {SWITCH};\n" + file.read_text())
    main = source / MAIN
    main.write_text(main.read_text() + f"\nextern const int {SWITCH};\n"
                    f'const int {SWITCH} = std::getenv("MISTAKE") ? std::atoi(std::getenv("MISTAKE")) : 0;\n')
    return unfit


def build(source, binary, args):
    for command in (["cmake", "-S", str(source), "-B", str(binary), "-G", "Ninja", f"-DCMAKE_BUILD_TYPE={args.build_type}"],
                    ["cmake", "--build", str(binary), "-j", str(args.jobs), "--target", "coreldove-sim"]):
        r = run(command)
        if r.returncode != 0:
            sys.exit(r.stdout[-4000:] + r.stderr[-4000:])


def simulate(binary, number, args):
    """What the simulator says, and how long it took."""
    start = time.monotonic()
    r = run([str(binary / "coreldove-sim"), "--seed", "1", "--seeds", str(args.seeds), "--steps", str(args.steps)], env={**os.environ, "MISTAKE": str(number)})
    return r, time.monotonic() - start


def try_all(binary, args):
    """How many were tried, how many survived."""
    tried = survivors = 0
    print(f"{'mutation':<52} {'found by':<10} {'seconds':>7}  what was violated", flush=True)
    for number, (name, *_) in enumerate(MUTATIONS, 1):
        if args.only and name not in args.only:
            continue
        tried += 1
        r, seconds = simulate(binary, number, args)
        seed = re.search(r"--seed (\d+)", r.stdout)
        if r.returncode == 0:
            print(f"{name:<52} {'SURVIVED':<10} {seconds:>7.1f}", flush=True)
            survivors += 1
            continue
        first = r.stdout.splitlines()[0] if r.stdout else (r.stderr.splitlines() or [""])[-1]
        print(f"{name:<52} {'seed ' + seed.group(1) if seed else 'a crash':<10} {seconds:>7.1f}  {first[:90]}", flush=True)
    return tried, survivors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", help="keep the copy, and its build in build/, here for the next time")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--steps", type=int, default=10000)
    parser.add_argument("--build-type", default="Release")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="only say what would be tried, and what no longer fits")
    args = parser.parse_args()
    if args.list:
        sys.exit(list_all())

    begun = time.monotonic()
    source = pathlib.Path(args.work or tempfile.mkdtemp(prefix="coreldove-mutations-"))
    binary = source / "build"
    source.mkdir(parents=True, exist_ok=True)
    copy_tree(source)
    unfit = build_in(source)
    for name in unfit:
        print(f"{name}: does not fit the source any more")
    build(source, binary, args)
    built = time.monotonic()
    sound, _ = simulate(binary, 0, args)
    if sound.returncode != 0:
        sys.exit("with no mistake made:\n" + sound.stdout)
    tried, survivors = try_all(binary, args)
    print(f"{tried - survivors} of {tried} mutations found within {args.seeds} seeds of {args.steps} steps; "
          f"{built - begun:.0f} seconds to build, {time.monotonic() - built:.0f} to run")
    if not args.work:
        shutil.rmtree(source)
    sys.exit(1 if survivors or unfit else 0)


if __name__ == "__main__":
    main()
