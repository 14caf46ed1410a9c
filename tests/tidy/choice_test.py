#!/usr/bin/env python3
"""tools/tidy looks at the right files: those that changed and those that include them, also through other headers; what
its limit leaves out is named. Where clang-tidy is installed, it also finds a planted mistake in a file and in a header,
and .clang-tidy gives a reason for each check."""
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]


def loaded(path):
    loader = importlib.machinery.SourceFileLoader("tools_tidy", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("tools_tidy", loader))
    loader.exec_module(module)
    return module


TIDY = loaded(ROOT / "tools" / "tidy")

TREE = {
    "engine/value.hpp": "#pragma once\n",
    "engine/value.cpp": '#include "autoheal/engine/value.hpp"\n',
    "store/row.hpp": '#include "autoheal/engine/value.hpp"\n',
    "store/row.cpp": '#include "autoheal/store/row.hpp"\n',
    "tests/unit/row_test.cpp": "#include <autoheal/store/row.hpp>\n",
    "tools/run/rows.hpp": '#include "autoheal/store/row.hpp"\n',
    "tools/run/main.cpp": '  #  include "tools/run/rows.hpp"\n',
    "tools/run/other.cpp": '// #include "tools/run/rows.hpp"\n#include <string>\n',
}


class Concerned(unittest.TestCase):
    def test_a_file_concerns_itself_alone(self):
        self.assertEqual(TIDY.concerned(["store/row.cpp"], TREE), ["store/row.cpp"])

    def test_a_header_concerns_all_that_see_it_through_others_the_nearest_first(self):
        self.assertEqual(TIDY.concerned(["engine/value.hpp"], TREE),
                         ["engine/value.cpp", "store/row.cpp", "tests/unit/row_test.cpp", "tools/run/main.cpp"])

    def test_a_header_without_a_file_of_its_own_is_seen_with_the_nearest(self):
        self.assertEqual(TIDY.concerned(["tools/run/rows.hpp"], TREE), ["tools/run/main.cpp"])

    def test_what_changed_comes_before_what_only_includes_it(self):
        changed = ["tools/run/other.cpp", "store/row.hpp", "tests/unit/row_test.cpp"]
        self.assertEqual(TIDY.concerned(changed, TREE),
                         ["tools/run/other.cpp", "store/row.cpp", "tests/unit/row_test.cpp", "tools/run/main.cpp"])

    def test_headers_that_include_each_other_come_to_an_end(self):
        circle = {"a/a.hpp": '#include "a/b.hpp"', "a/b.hpp": '#include "a/a.hpp"', "a/c.cpp": '#include "a/b.hpp"'}
        self.assertEqual(TIDY.concerned(["a/a.hpp"], circle), ["a/c.cpp"])

    def test_nothing_changed_concerns_nothing(self):
        self.assertEqual(TIDY.concerned([], TREE), [])


class Checkout(unittest.TestCase):
    """The command on a repository of its own."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        (self.root / "tools").mkdir()
        shutil.copy(ROOT / "tools" / "tidy", self.root / "tools" / "tidy")
        self.git("init", "-q", "-b", "main")
        for name, text in TREE.items():
            self.write(name, text)
        self.commit("first")

    def git(self, *words):
        identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "core.hooksPath=/dev/null"]
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder.name}
        return subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True, text=True,
                              env=environment).stdout.strip()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self, subject):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)

    def listed(self, *words):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run([self.root / "tools" / "tidy", "--list", *words], check=False, capture_output=True,
                              text=True, env=environment)
        return done.returncode, done.stdout.split(), done.stderr

    def behind_main(self):
        self.git("update-ref", "refs/remotes/origin/main", "HEAD")

    def test_what_changed_since_main_committed_or_not(self):
        self.behind_main()
        self.write("store/row.hpp", TREE["store/row.hpp"] + "// changed\n")
        self.commit("second")
        self.write("engine/value.cpp", "// changed\n")
        self.write("engine/new.cpp", "// new\n")
        self.git("mv", "tools/run/other.cpp", "tools/run/moved.cpp")
        code, names, told = self.listed()
        self.assertEqual(names, ["engine/new.cpp", "engine/value.cpp", "tools/run/moved.cpp", "store/row.cpp",
                                 "tests/unit/row_test.cpp", "tools/run/main.cpp"])
        self.assertEqual(code, 0)
        self.assertIn("6 files see a change since the merge base with origin/main", told)
        self.assertNotIn("NOT looked at", told)

    def test_what_the_limit_leaves_out_is_named(self):
        self.behind_main()
        self.write("engine/value.hpp", "// changed\n")
        code, names, told = self.listed("--most", "2")
        self.assertEqual((code, names), (0, ["engine/value.cpp", "store/row.cpp"]))
        self.assertIn("NOT looked at, 2 more than the 2 that --most allows", told)
        self.assertIn("tests/unit/row_test.cpp tools/run/main.cpp", told)

    def test_without_a_main_behind_it_the_last_commits_count(self):
        for number in range(TIDY.COMMITS + 1):
            self.write("engine/value.cpp" if number else "store/row.cpp", f"// {number}\n")
            self.commit(f"{number}")
        for _ in ("unknown", "itself"):
            code, names, told = self.listed()
            self.assertEqual((code, names), (0, ["engine/value.cpp"]))
            self.assertIn(f"since {TIDY.COMMITS} commits ago", told)
            self.behind_main()

    def test_a_checkout_without_a_past_has_changed_whole(self):
        code, names, told = self.listed()
        self.assertEqual((code, sorted(names)), (0, sorted(name for name in TREE if name.endswith(".cpp"))))
        self.assertIn("since the beginning of what this checkout has", told)

    def test_another_revision_all_files_and_named_files(self):
        self.write("store/row.cpp", "// changed\n")
        self.commit("second")
        self.assertEqual(self.listed("--base", "HEAD~1")[1], ["store/row.cpp"])
        self.assertEqual(self.listed("--all")[1], sorted(name for name in TREE if name.endswith(".cpp")))
        self.assertEqual(self.listed("tools/run/main.cpp")[1], ["tools/run/main.cpp"])

    def test_what_it_does_not_understand_is_refused_with_2(self):
        for words in (["--base", "nowhere"], ["--most", "none"], ["store/row.hpp"], ["--all", "store/row.cpp"], ["-x"]):
            code, names, told = self.listed(*words)
            self.assertEqual((code, names), (2, []), words)
            self.assertIn("tools/tidy --help says more", told)


class Checks(unittest.TestCase):
    def test_each_has_a_reason(self):
        text = (ROOT / ".clang-tidy").read_text(encoding="utf-8")
        checks = re.findall(r"^  - (?!-\*)'?([a-z][\w.*-]+)'?(.*)$", text, re.M)
        self.assertGreater(len(checks), 10)
        for check, behind in checks:
            self.assertRegex(behind, r"^ +# \S+ \S+", f"{check} has no reason")
            self.assertNotRegex(check, r"\*", f"{check} is a group: name each check and why it is there")

    @unittest.skipUnless(shutil.which(TIDY.PROGRAM), f"{TIDY.PROGRAM} is not installed")
    def test_finds_a_mistake_in_a_file_and_once_in_a_header(self):
        base = "struct Port {\n  virtual ~Port() = default;\n  virtual void ask() {}\n};\n"
        mistake = "struct %s : Port {\n  virtual void ask() {}\n};\n"
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            (root / "engine").mkdir()
            (root / "build" / "include" / "autoheal").mkdir(parents=True)
            (root / "build" / "include" / "autoheal" / "engine").symlink_to(root / "engine")
            shutil.copy(ROOT / ".clang-tidy", root)
            (root / "engine" / "port.hpp").write_text("#pragma once\n" + base + mistake % "InHeader")
            for name in ("one", "two"):
                (root / "engine" / f"{name}.cpp").write_text('#include "autoheal/engine/port.hpp"\n' + mistake % name)
            entries = [{"directory": folder, "file": f"{root}/engine/{name}.cpp",
                        "command": f"clang++-19 -std=c++23 -I{root}/build/include -c {root}/engine/{name}.cpp"}
                       for name in ("one", "two")]
            (root / "build" / "compile_commands.json").write_text(json.dumps(entries))
            program = f"import sys; sys.path.insert(0, '{ROOT}/tests/tidy'); import choice_test; " \
                      "choice_test.TIDY.tidy(['engine/one.cpp', 'engine/two.cpp'], 'build', 2)"
            done = subprocess.run([sys.executable, "-B", "-c", program], cwd=root, capture_output=True, text=True,
                                  check=True)
        found = re.findall(r"^(\S+?):\d+:\d+: error: .*\[modernize-use-override", done.stdout, re.M)
        self.assertEqual(sorted(found), ["engine/one.cpp", "engine/port.hpp", "engine/two.cpp"], done.stdout)


if __name__ == "__main__":
    unittest.main()
