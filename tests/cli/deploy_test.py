#!/usr/bin/env python3
"""What lies in deploy/ is checked as far as that is possible without the engines that would run it.

Usage: tests/cli/deploy_test.py BUILD

Every setting that is named there exists, every metric of the dashboard and the alerts is one of a running server's, the probes and the image's health check get the answers that they wait for, systemd
would hear that the server is ready and that it stops, the files parse. What a tool is missing for is said in a line.
"""
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))

from machine import API, Client, Server, order, settings, until  # noqa: E402

DEPLOY = ROOT / "deploy"
BUILD = pathlib.Path("build")
SETTINGS = set(re.findall(r"^#([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
# Of other programs in the same files.
OTHERS = re.compile(r"^(POSTGRES_|GF_|PATH$)")
try:
    import yaml
except ImportError:
    yaml = None


def documents(path):
    return [d for d in yaml.safe_load_all(path.read_text(encoding="utf-8")) if d]


def is_setting(name):
    return name in SETTINGS or (name.endswith("_FILE") and name[:-5] in SETTINGS)


class Settings(unittest.TestCase):
    def check(self, names, where):
        names = [n for n in names if not OTHERS.match(n)]
        self.assertTrue(names, f"{where} names no settings")
        for name in names:
            self.assertTrue(is_setting(name), f"{where}: there is no setting {name}")

    def test_units_name_only_settings_that_exist(self):
        for unit in DEPLOY.glob("systemd/*.service"):
            lines = re.findall(r"^Environment=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
            self.check([pair.split("=")[0] for line in lines for pair in line.split()], unit.name)

    def test_the_image_names_only_settings_that_exist(self):
        lines = re.findall(r"^ENV (.*)$", (DEPLOY / "docker/Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
        self.check([pair.split("=")[0] for line in lines for pair in line.split()], "Dockerfile")

    @unittest.skipUnless(yaml, "python3-yaml is not installed")
    def test_compose_names_only_settings_that_exist(self):
        compose = documents(DEPLOY / "docker/compose.yaml")[0]
        for name, service in compose["services"].items():
            if "environment" in service:
                self.check(service["environment"], name) if name.startswith("node") else None
        self.assertEqual({n for n in compose["services"] if n.startswith("node")}, {"node-1", "node-2", "node-3"})

    @unittest.skipUnless(yaml, "python3-yaml is not installed")
    def test_manifests_name_only_settings_that_exist(self):
        for document in documents(DEPLOY / "kubernetes/coreldove.yaml"):
            if document["kind"] in ("ConfigMap", "Secret"):
                self.check(document.get("data") or document.get("stringData"), document["kind"])
            if document["kind"] == "StatefulSet":
                self.check([e["name"] for e in document["spec"]["template"]["spec"]["containers"][0]["env"]], "StatefulSet")


class Files(unittest.TestCase):
    @unittest.skipUnless(yaml, "python3-yaml is not installed")
    def test_all_yaml_parses(self):
        files = list(DEPLOY.rglob("*.yaml"))
        self.assertGreaterEqual(len(files), 6)
        for file in files:
            self.assertTrue(documents(file), file)

    @unittest.skipUnless(yaml, "python3-yaml is not installed")
    def test_manifests_fit_together(self):
        found = {d["kind"] + "/" + d["metadata"]["name"]: d for d in documents(DEPLOY / "kubernetes/coreldove.yaml")}
        nodes = found["StatefulSet/coreldove"]["spec"]
        labels = nodes["template"]["metadata"]["labels"].items()
        for selector in (found["Service/coreldove"]["spec"]["selector"], nodes["selector"]["matchLabels"],
                         found["PodDisruptionBudget/coreldove"]["spec"]["selector"]["matchLabels"], found[f"Service/{nodes['serviceName']}"]["spec"]["selector"]):
            self.assertLessEqual(selector.items(), labels)
        pod = nodes["template"]["spec"]
        stop = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1]) + 10  # the program's own limit
        self.assertGreater(pod["terminationGracePeriodSeconds"], stop)

    def test_the_image_holds_what_the_program_is_linked_with(self):
        if not shutil.which("dpkg-query"):
            self.skipTest("this is not Debian")
        linked = subprocess.run(["objdump", "-p", BUILD / "coreldove"], capture_output=True, text=True, check=True).stdout
        text = (DEPLOY / "docker/Dockerfile").read_text(encoding="utf-8").split("\nFROM ")[-1]
        brought = {"libc6", "libgcc-s1"}  # by the base image, and by libstdc++6
        for name in re.findall(r"NEEDED +(\S+)", linked):
            owner = subprocess.run(["dpkg-query", "-S", f"*/{name}"], capture_output=True, text=True, check=False).stdout
            packages = {line.split(":")[0] for line in owner.splitlines()}
            self.assertTrue(packages & brought or any(re.search(rf"\b{re.escape(p)}(\s|$)", text, re.MULTILINE) for p in packages), f"{name} of {packages} is not in the image")

    def test_the_nodes_certificate_is_for_the_names_that_they_have(self):
        with tempfile.TemporaryDirectory() as folder:
            names = ["node-1", "*.coreldove-nodes.coreldove.svc.cluster.local", "10.0.0.4"]
            subprocess.run([DEPLOY / "certificates.sh", folder, *names], check=True, capture_output=True)

            def holds(*question):
                return subprocess.run(["openssl", "verify", "-CAfile", f"{folder}/ca.pem", *question, f"{folder}/nodes.pem"], capture_output=True, check=False).returncode == 0

            self.assertTrue(holds("-verify_hostname", "node-1"))
            self.assertTrue(holds("-verify_hostname", "coreldove-2.coreldove-nodes.coreldove.svc.cluster.local"))
            self.assertTrue(holds("-verify_ip", "10.0.0.4"))
            self.assertFalse(holds("-verify_hostname", "node-4"))
            made = {p.name for p in pathlib.Path(folder).iterdir()}
            for where in ("docker/compose.yaml", "kubernetes/coreldove.yaml"):
                named = set(re.findall(r"CLUSTER_TLS_\w+_FILE: \S+/(\S+)", (DEPLOY / where).read_text(encoding="utf-8")))
                self.assertEqual(len(named), 3, where)
                self.assertLessEqual(named, made, where)

    def test_units_are_ones_that_systemd_understands(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not here")
        with tempfile.TemporaryDirectory() as scratch:
            for unit in DEPLOY.glob("systemd/*.service"):
                # The program is not installed on this machine: any other stands in for it.
                copy = pathlib.Path(scratch) / unit.name.replace("@.", "@node-1.")
                copy.write_text(unit.read_text(encoding="utf-8").replace("/usr/bin/coreldove serve", "/bin/true"), encoding="utf-8")
                done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False)
                ours = [line for line in (done.stdout + done.stderr).splitlines() if copy.name in line]
                self.assertEqual(ours, [])


class Running(unittest.TestCase):
    """Against the built program."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp())
        cls.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        cls.manager.bind(str(cls.scratch / "notify"))
        cls.manager.settimeout(10)
        # Redis that is not there: its figures are shown all the same.
        cls.server = Server(BUILD / "coreldove", cls.scratch / "server", settings(NOTIFY_SOCKET=str(cls.scratch / "notify"), REDIS_URL="redis://127.0.0.1:1/0"))
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.manager.close()
        shutil.rmtree(cls.scratch)

    def test_1_it_says_that_it_is_ready(self):
        self.assertTrue(self.manager.recv(1000).decode().startswith("READY=1\nSTATUS=listening on http"))

    @unittest.skipUnless(yaml, "python3-yaml is not installed")
    def test_2_the_probes_get_their_answers(self):
        found = next(d for d in documents(DEPLOY / "kubernetes/coreldove.yaml") if d["kind"] == "StatefulSet")
        container = found["spec"]["template"]["spec"]["containers"][0]
        self.assertIsNotNone(until(self.server.ready, 10))
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.assertEqual(Client(self.server.port).ask("GET", container[probe]["httpGet"]["path"])[0], 200, probe)

    def test_3_the_health_check_of_the_image_tells_a_server_from_none(self):
        text = (DEPLOY / "docker/Dockerfile").read_text(encoding="utf-8")
        command = json.loads(re.search(r"HEALTHCHECK[^[]*(\[.*\])", text).group(1))
        self.assertIsNotNone(until(self.server.ready, 10))
        for port, status in ((self.server.port, 0), (1, 1)):
            done = subprocess.run(command, env=settings(PORT=str(port)), capture_output=True, check=False)
            self.assertEqual(done.returncode, status, done.stderr)

    def test_4_dashboard_and_alerts_name_only_figures_that_are_there(self):
        Client(self.server.port).json("POST", f"{API}/orders", order(), {"Prefer": "wait=10"})
        there = {re.split(r"[{ ]", name)[0] for name in self.server.figures()}
        dashboard = json.loads((DEPLOY / "grafana/dashboard.json").read_text(encoding="utf-8"))
        asked = [t["expr"] for p in dashboard["panels"] for t in p["targets"]]
        self.assertGreater(len(asked), 20)
        asked += re.findall(r"expr: (.*)", (DEPLOY / "prometheus/alerts.yaml").read_text(encoding="utf-8"))
        for expression in asked:
            for name in re.findall(r"coreldove_[a-z_]+", expression):
                self.assertIn(name, there)

    def test_5_it_says_that_it_stops(self):
        self.server.process.send(signal.SIGTERM)
        self.assertTrue(self.manager.recv(1000).decode().startswith("STOPPING=1"))
        self.assertEqual(self.server.process.child.wait(15), 0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
