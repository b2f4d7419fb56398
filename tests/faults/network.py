"""A network of hosts on one machine whose every link can be cut, one way or both, made slow or made to lose packets, while programs use it.

Each host is a network namespace with one interface; all packets go through a process of this file, which passes them on by the rules that it was given. So no
kernel module for delays or losses is needed, and every decision is made by dice of a known seed. Needs the rights to make namespaces and /dev/net/tun.
"""
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import socket
import struct
import subprocess
import sys
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK, SIOCSIFMTU = 0x8914, 0x8916, 0x891C, 0x8922
IFF_UP, IFF_RUNNING = 0x1, 0x40
NET = "10.77.0."
MTU = 60_000  # few, large packets: they pass through a program
LONGEST_QUEUE = 20_000


def checked(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def request(name, *rest):
    return struct.pack("16s", name.encode()) + b"".join(rest).ljust(24, b"\0")


def address(text):
    return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(text))


class Host:
    """One namespace; `number` is the last part of its address."""

    def __init__(self, number):
        self.number, self.address = number, f"{NET}{number}"
        self.namespace = self.tunnel = None
        failures = []
        maker = threading.Thread(target=self._make, args=(failures,))
        maker.start()
        maker.join()
        if failures:
            raise failures[0]

    def _make(self, failures):
        try:
            checked(LIBC.unshare(CLONE_NEWNET))
            self.namespace = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
            self.tunnel = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(self.tunnel, TUNSETIFF, request("net0", struct.pack("H", IFF_TUN | IFF_NO_PI)))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                fcntl.ioctl(s, SIOCSIFADDR, request("net0", address(self.address)))
                fcntl.ioctl(s, SIOCSIFNETMASK, request("net0", address("255.255.255.0")))
                fcntl.ioctl(s, SIOCSIFMTU, request("net0", struct.pack("i", MTU)))
                for name in ("lo", "net0"):
                    fcntl.ioctl(s, SIOCSIFFLAGS, request(name, struct.pack("H", IFF_UP | IFF_RUNNING)))
        except OSError as e:
            failures.append(e)

    def enter(self):
        """The calling thread, or the child that is about to run a program, is in this host from now on."""
        checked(LIBC.setns(self.namespace, CLONE_NEWNET))

    def do(self, what):
        """Calls it in this host, and answers what it answers."""
        found = []

        def inside():
            self.enter()
            try:
                found.append((what(), None))
            except Exception as e:  # the caller's
                found.append((None, e))

        one = threading.Thread(target=inside)
        one.start()
        one.join()
        value, error = found[0]
        if error:
            raise error
        return value


class Network:
    """`names` are the hosts, numbered from 1."""

    def __init__(self, names, seed):
        self.hosts = {name: Host(n) for n, name in enumerate(names, 1)}
        tunnels = {h.number: h.tunnel for h in self.hosts.values()}
        self.switch = subprocess.Popen([sys.executable, __file__, str(seed), json.dumps(tunnels)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=tuple(tunnels.values()),
                                       start_new_session=True)

    def rule(self, source, destination, loss=0.0, delay=0.0):
        """For packets one way, from now on; loss 1 is a cut."""
        self._tell({"from": self.hosts[source].number, "to": self.hosts[destination].number, "loss": loss, "delay": delay})

    def both_ways(self, one, other, **what):
        self.rule(one, other, **what)
        self.rule(other, one, **what)

    def heal(self):
        self._tell({})

    def _tell(self, what):
        self.switch.stdin.write((json.dumps(what) + "\n").encode())
        self.switch.stdin.flush()
        self.switch.stdout.readline()  # it holds from here on

    def stop(self):
        self.switch.stdin.close()
        self.switch.wait()
        for host in self.hosts.values():
            os.close(host.namespace)
            os.close(host.tunnel)


class Switch:
    def __init__(self, seed, tunnels):
        self.dice = random.Random(seed)
        self.tunnels = {int(n): fd for n, fd in tunnels.items()}
        self.rules, self.later, self.sent = {}, [], 0

    def run(self):
        wait = select.poll()
        for fd in self.tunnels.values():
            os.set_blocking(fd, False)
            wait.register(fd, select.POLLIN)
        wait.register(0, select.POLLIN)
        while True:
            timeout = max(0.0, self.later[0][0] - time.monotonic()) * 1e3 if self.later else None
            for fd, _ in wait.poll(timeout):
                if fd != 0:
                    self.take(fd)
                elif not self.obey():
                    return
            while self.later and self.later[0][0] <= time.monotonic():
                _, _, to, packet = heapq.heappop(self.later)
                self.deliver(to, packet)

    def obey(self):
        """False: the end. The other side waits for each answer, so one read is one rule."""
        text = os.read(0, 65_536)
        if not text:
            return False
        rule = json.loads(text)
        if rule:
            self.rules[rule["from"], rule["to"]] = (rule["loss"], rule["delay"])
        else:
            self.rules.clear()
        os.write(1, b"\n")
        return True

    def take(self, fd):
        for _ in range(64):
            try:
                packet = os.read(fd, 65_536)
            except BlockingIOError:
                return
            if packet[0] >> 4 != 4 or packet[19] not in self.tunnels:
                continue
            loss, delay = self.rules.get((packet[15], packet[19]), (0, 0))
            if loss and self.dice.random() < loss:
                continue
            if delay and len(self.later) < LONGEST_QUEUE:
                self.sent += 1
                heapq.heappush(self.later, (time.monotonic() + delay, self.sent, packet[19], packet))
            elif not delay:
                self.deliver(packet[19], packet)

    def deliver(self, to, packet):
        try:
            os.write(self.tunnels[to], packet)
        except OSError:
            pass  # the receiver's queue is full: lost, as on any network


if __name__ == "__main__":
    Switch(int(sys.argv[1]), json.loads(sys.argv[2])).run()
