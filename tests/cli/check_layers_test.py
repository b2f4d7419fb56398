"""The layer check itself: what it has to let through, and what it has to catch."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / ".ci" / "check_layers.py"


def run_on(files):
    """The exit status and the output of the check on a tree with these files."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip()


class CheckLayers(unittest.TestCase):
    def test_lets_the_arrows_through(self):
        self.assertEqual(run_on({
            "domain/a.cpp": '#include "domain/a.hpp"\n#include <unicode/ucurr.h>\n#include <string>\n',
            "persistence/a.cpp": '#include "domain/a.hpp"\n#include <sqlite3.h>\n',
            "integrations/a.cpp": '#include "domain/a.hpp"\n#include <curl/curl.h>\n#include <boost/asio.hpp>\n',
            "runtime/a.cpp": '#include "domain/a.hpp"\n#include <caf/all.hpp>\n',
            "actors/a.cpp": '#include "runtime/a.hpp"\n#include "persistence/a.hpp"\n#include "integrations/a.hpp"\n',
            "http/a.cpp": '#include "actors/a.hpp"\n#include "http/b.hpp"\n#include <jwt/jwt.hpp>\n',
            "runtime/app/a.cpp": '#include "config/a.hpp"\n#include "http/a.hpp"\n#include "bench/a.hpp"\n#include <csv.h>\n',
            "tests/a.cpp": '#include "config/a.hpp"\n#include <boost/asio.hpp>\n',
        }), (0, "layers: ok"))

    def test_catches_every_arrow_the_wrong_way(self):
        wrong = [("config", "domain/a.hpp"), ("domain", "persistence/a.hpp"), ("domain", "config/a.hpp"), ("domain", "tests/a.hpp"),
                 ("persistence", "integrations/a.hpp"), ("persistence", "runtime/a.hpp"), ("integrations", "persistence/a.hpp"),
                 ("integrations", "actors/a.hpp"), ("runtime", "actors/a.hpp"), ("runtime", "runtime/app/wiring.hpp"), ("runtime", "config/a.hpp"),
                 ("actors", "http/a.hpp"), ("actors", "config/a.hpp"), ("http", "persistence/a.hpp"), ("http", "integrations/a.hpp"),
                 ("http", "config/a.hpp"), ("http", "runtime/app/wiring.hpp"), ("http", "bench/a.hpp")]
        self.check_all(wrong, '// first line\n#include "{}"\n', "{}:2: {} may not include {}")

    def test_catches_every_library_in_the_wrong_room(self):
        wrong = [("domain", "caf/all.hpp"), ("persistence", "caf/all.hpp"), ("integrations", "caf/all.hpp"), ("domain", "boost/asio.hpp"),
                 ("actors", "boost/beast.hpp"), ("actors", "sqlite3.h"), ("http", "sqlite3.h"), ("http", "curl/curl.h"), ("http", "unicode/ucurr.h"),
                 ("actors", "jwt/jwt.hpp"), ("domain", "simdjson.h"), ("actors", "simdjson.h"), ("domain", "spdlog/spdlog.h"),
                 ("domain", "prometheus/registry.h"), ("http", "CLI/CLI.hpp"), ("persistence", "csv.h"), ("http", "nlohmann/json.hpp")]
        self.check_all(wrong, "#  include <{}>\n", "{}:1: {} may not use {}")

    def check_all(self, wrong, text, complaint):
        """One file for each pair of layer and header; each has to be complained about, and nothing else."""
        files, wanted = {}, []
        for number, (here, header) in enumerate(wrong):
            name = f"{here}/sub/case_{number}.cpp"
            files[name] = text.format(header)
            wanted.append(complaint.format(name, here, header))
        status, output = run_on(files)
        self.assertEqual((status, sorted(output.splitlines())), (1, sorted(wanted)))

    def test_reports_all_of_them(self):
        status, output = run_on({"domain/a.cpp": '#include "http/a.hpp"\n#include <caf/all.hpp>\n', "config/a.cpp": '#include "domain/a.hpp"\n'})
        self.assertEqual((status, len(output.splitlines())), (1, 3))


if __name__ == "__main__":
    unittest.main()
