#!/usr/bin/env python3
"""A build that was installed is enough for programs of others: install_test.py --build DIR --work DIR [options].

- Installs the build below --work and looks at what is there.
- The installed headers compile, each that has no .cpp file of its own alone (in long runs: each one), and include no
  library but those that their component finds for its users.
- docs/example is copied out of the tree and built, with find_package and with pkg-config. Its process kills itself
  between the answer of an authority and the entry of it, is started again, and goes on from the ledger; docs/engine.md
  shows what it prints.
- Whatever the libraries need is found: they are linked whole. Another major version and unknown components are not.

With --shared the libraries are built anew as shared ones, alone and inside the project of somebody else, which takes
minutes: 77 unless AUTOHEAL_LONG is 1."""
import argparse
import concurrent.futures
import http.client
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tests" / "documents"))
import documents_test  # noqa: E402

SKIPPED = 77
LONG_RUNS = os.environ.get("AUTOHEAL_LONG") == "1"
SECONDS = 300
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
COMPONENTS = ("engine", "store", "workflows")
# What AutohealConfig.cmake finds for users of each component's headers, beside C++ and POSIX.
FOUND_FOR = {
    "engine": r"boost/asio/[\w/]+\.hpp|simdjson\.h",
    "store": r"simdjson\.h",
    "workflows": r"boost/asio/[\w/]+\.hpp|simdjson\.h|re2/re2\.h",
}
STANDARD, POSIX = r"[a-z_0-9]+", r"(?:sys/types|unistd)\.h"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def run(*words, **options):
    """What a program prints; fails with all of it if the program does."""
    ran = subprocess.run([str(word) for word in words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=SECONDS * 4, **options)
    if ran.returncode != 0:
        sys.exit(f"{shlex.join(str(word) for word in words)} ends with {ran.returncode}:\n{ran.stdout[-4000:]}")
    return ran.stdout


# ---- what is there

def faults_of_layout(prefix, program):
    include = prefix / "include" / "autoheal"
    wanted = [include / "engine/runtime.hpp", include / "engine/testing/crash_at_every_append.hpp",
              include / "store/ledger/sqlite_ledger.hpp", include / "workflows/heal/heal_machine.hpp"]
    if program:
        wanted += [prefix / "bin/autoheal", prefix / "share/autoheal/prometheus/autoheal.rules.yml",
                   prefix / "share/autoheal/grafana/autoheal-overview.json", prefix / "share/doc/autoheal/README.md",
                   prefix / "share/doc/autoheal/docs/engine.md", prefix / "share/doc/autoheal/docs/example/main.cpp"]
        unit = (prefix / "lib/systemd/system/autoheal.service").read_text()
        if f"ExecStart={prefix}/bin/autoheal serve" not in unit:
            yield "the unit does not start the program that was installed beside it"
        if "autoheal " not in run(prefix / "bin/autoheal", "--version"):
            yield "the installed program does not say its version"
    yield from (f"{path} was not installed" for path in wanted if not path.exists())
    for unwanted in ("store/ledger/owner_connection.hpp", "workflows/testing", "replay"):
        if (include / unwanted).exists():
            yield f"{include / unwanted} was installed"


# ---- headers

def header_faults(component, texts):
    """`texts`: the text by the name below include/."""
    for name, text in sorted(texts.items()):
        for bracket, target in INCLUDE.findall(text):
            if target.startswith("autoheal/"):
                if not (target in texts or target.split("/")[1] in COMPONENTS[:COMPONENTS.index(component)]):
                    yield f"{name} includes {target}, which is not installed"
            elif bracket == '"' or not re.fullmatch(f"{STANDARD}|{POSIX}|{FOUND_FOR[component]}", target):
                yield f"{name} includes {target}, which find_package({component}) does not find"


def faults_of_this_test():
    """Each check of headers can fail."""
    planted = {"a library": ("store", "#include <SQLiteCpp/SQLiteCpp.h>"),
               "a header that is not there": ("store", '#include "autoheal/store/own.hpp"'),
               "a component above": ("engine", '#include "autoheal/workflows/a.hpp"'),
               "a place in the source": ("store", '#include "tools/a.hpp"')}
    for what, (component, text) in planted.items():
        if not list(header_faults(component, {f"autoheal/{component}/a.hpp": text})):
            yield f"the check of headers does not find {what}"
    fine = '#include <vector>\n#include "autoheal/engine/base/ids.hpp"\n'
    yield from header_faults("store", {"autoheal/store/a.hpp": fine})


class Compiler:
    """Says what is wrong with headers. What it has of the standard library was read once, except in long runs."""

    def __init__(self, command, include, work, texts):
        self.command = [command, "-std=c++23", *WARNINGS, "-DBOOST_ASIO_NO_DEPRECATED", f"-I{include}", "-fsyntax-only",
                        "-x", "c++"]
        if LONG_RUNS:
            return
        names = sorted({target for text in texts for _, target in INCLUDE.findall(text)
                        if re.fullmatch(STANDARD, target)})
        whole = work / "standard.hpp"
        whole.write_text("".join(f"#include <{name}>\n" for name in names))
        clang = "clang" in run(command, "--version")
        read = work / ("standard.pch" if clang else "standard.hpp.gch")
        flags = [word for word in self.command[1:] if word not in ("-fsyntax-only", "-x", "c++")]
        run(command, *flags, "-x", "c++-header", whole, "-o", read)
        self.command += ["-include-pch", str(read)] if clang else ["-include", str(whole)]

    def faults_of(self, headers):
        lines = "".join(f'#include "{header}"\n' for header in headers)
        told = subprocess.run([*self.command, "-"], input=lines, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS)
        what = f"{headers[0]} does not compile alone" if len(headers) == 1 else "not all headers compile together"
        return [] if told.returncode == 0 else [f"{what}:\n{told.stdout[:2000]}"]


def compiled_alone(header):
    """A header with a .cpp file of its own is the first that this one includes, and the preset tsan compiles file by
    file: it need not be compiled alone here in each run."""
    source = ROOT / header.removeprefix("autoheal/").replace(".hpp", ".cpp")
    return LONG_RUNS or not source.exists()


def faults_of_headers(prefix, work, compiler):
    include, faults, everything = prefix / "include", [], {}
    for component in COMPONENTS:
        texts = {path.relative_to(include).as_posix(): path.read_text()
                 for path in (include / "autoheal" / component).rglob("*.hpp")}
        faults += header_faults(component, texts)
        everything.update(texts)
    if len(everything) < 100:
        faults.append(f"only {len(everything)} headers are installed")
    if compiler and not faults:
        one = Compiler(compiler, include, work, everything.values())
        if not one.faults_of(["autoheal/engine/none.hpp"]):
            faults.append("a header that does not exist compiles")
        groups = [sorted(everything), *([header] for header in sorted(everything) if compiled_alone(header))]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for found in pool.map(one.faults_of, groups):
                faults += found
    return faults


# ---- programs of others

def build(source, folder, prefix, options, *settings):
    run("cmake", "-S", source, "-B", folder, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={options.compiler}", f"-DCMAKE_CXX_FLAGS={options.flags}", *settings)
    run("cmake", "--build", folder, "-j", "2")
    return folder


def build_by_pkg_config(source, program, prefix, options):
    environment = {**os.environ, "PKG_CONFIG_PATH": ":".join(str(path) for path in prefix.glob("lib*/**/pkgconfig"))}
    words = run("pkg-config", "--cflags", "--libs", "autoheal-engine", "autoheal-store", env=environment).split()
    sources = [source / name for name in ("main.cpp", "certificate_renewal.cpp", "renewal_effects.cpp")]
    run(options.compiler, "-std=c++23", *shlex.split(options.flags), *sources, "-o", program, *words)
    return run("pkg-config", "--modversion", "autoheal-workflows", env=environment).strip()


class Renewals:
    """Runs of the example beside an authority of their own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.authority = subprocess.Popen([sys.executable, ROOT / "docs/example/authority.py", "1"],
                                          stdout=subprocess.PIPE, text=True)
        self.port = self.authority.stdout.readline().strip()

    def close(self):
        self.authority.kill()
        self.authority.wait()

    def run(self, *more):
        return subprocess.run([str(self.program), "renewals.db", "127.0.0.1", self.port, "a.example", "200ms", "a.pem",
                               *more], cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=SECONDS)

    def issued(self):
        connection = http.client.HTTPConnection("127.0.0.1", int(self.port), timeout=SECONDS)
        connection.request("GET", "/count")
        return int(connection.getresponse().read())


def faults_of_crash(program, folder):
    """Killed once the authority has issued the certificate and nothing of that is recorded; then started again."""
    folder.mkdir()
    renewals = Renewals(program, folder)
    try:
        killed = renewals.run("--die-after-issue")
        if killed.returncode != -signal.SIGKILL or renewals.issued() != 1:
            return [f"not killed between answer and entry: {killed}, {renewals.issued()} issued"]
        if (folder / "a.pem").exists():
            return ["the certificate was installed before the crash"]
        last, again = renewals.run(), renewals.run()
        faults = []
        if last.returncode != 0 or not last.stdout.startswith("goes on\n"):
            faults.append(f"the process after the crash does not end well: {last}")
        if (folder / "a.pem").read_text() != "certificate 1 for a.example\n" or renewals.issued() != 1:
            faults.append(f"the certificate is not the only one: {renewals.issued()} were issued")
        if again.stdout != last.stdout.replace("goes on", "begins"):
            faults.append(f"a second start with the same key began something: {again.stdout}")
        return [*faults, *faults_of_shown(last.stdout)]
    finally:
        renewals.close()


def faults_of_shown(printed):
    """docs/engine.md shows what the example prints."""
    page = (ROOT / "docs" / "engine.md").read_text()
    shown = [block.text for block in documents_test.blocks_of(page) if block.comment.startswith("<!-- printed")]
    lines = [documents_test.plain(line) for line in printed.splitlines()]
    wanted = [documents_test.plain(line) for text in shown for line in text.splitlines()]
    if lines != wanted:
        yield "docs/engine.md shows something else than the example prints:\n" + printed


def faults_of_users(prefix, work, options):
    example = work / "example"
    shutil.copytree(ROOT / "docs" / "example", example)
    built = build(example, work / "example-build", prefix, options)
    faults = []
    if "0 differences" not in run(built / "renewal_test"):
        faults.append("the example's own test shows a difference")
    faults += faults_of_crash(built / "renewal", work / "crash")
    program = work / "renewal-by-pkg-config"
    version = build_by_pkg_config(example, program, prefix, options)
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        faults.append(f"pkg-config knows version {version}")
    libraries = {str(path.parent) for path in prefix.rglob("libautoheal-*")}
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}
    refused = subprocess.run([program], env=environment, capture_output=True, text=True, timeout=SECONDS)
    if refused.returncode != 2 or "renewal LEDGER" not in refused.stderr:
        faults.append(f"the program that pkg-config built does not run: {refused}")
    return faults


# ---- as shared libraries, in the project of somebody else

def faults_of_shared(work, options):
    prefix = work / "prefix"
    settings = ["-DBUILD_SHARED_LIBS=ON", "-DAUTOHEAL_PROGRAM=OFF", "-DAUTOHEAL_TESTS=OFF", "-DCMAKE_UNITY_BUILD=ON",
                "-DCMAKE_UNITY_BUILD_BATCH_SIZE=16"]
    run("cmake", "--install", build(ROOT, work / "shared", prefix, options, *settings), "--prefix", prefix)
    faults = [*faults_of_layout(prefix, program=False), *faults_of_users(prefix, work, options)]
    for component in COMPONENTS:
        found = sorted(path.name for path in prefix.rglob(f"libautoheal-{component}.so*"))
        if len(found) != 3 or "\n".join(found).count(".so.") != 2:
            faults.append(f"the shared library {component} has no versions: {found}")
    used = run("readelf", "-d", work / "example-build" / "renewal")
    if not re.search(r"NEEDED.*libautoheal-engine\.so\.\d+\.\d+\]", used):
        faults.append("the example does not need the library by its version")
    inside = work / "inside"
    shutil.copytree(ROOT / "docs" / "example", inside)
    project = (inside / "CMakeLists.txt").read_text()
    embedded = f"set(CMAKE_UNITY_BUILD ON)\nadd_subdirectory({ROOT} autoheal)\nset(CMAKE_UNITY_BUILD OFF)"
    (inside / "CMakeLists.txt").write_text(re.sub(r"find_package\(Autoheal.*\)", embedded, project))
    built = build(inside, work / "inside-build", work / "nothing", options)
    if "0 differences" not in run(built / "renewal_test"):
        faults.append("the example does not work with Autoheal inside its project")
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--flags", default="", help="of the libraries, which their users have to share")
    parser.add_argument("--no-headers", action="store_true", help="does not compile each header")
    parser.add_argument("--shared", action="store_true")
    options = parser.parse_args()
    if options.shared and not LONG_RUNS:
        print("shared libraries are built in long runs")
        return SKIPPED
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    if options.shared:
        faults = faults_of_shared(work, options)
    else:
        prefix = work / "prefix"
        run("cmake", "--install", options.build, "--prefix", prefix, env={**os.environ, "DESTDIR": ""})
        faults = [*faults_of_this_test(), *faults_of_layout(prefix, program=True),
                  *faults_of_headers(prefix, work, None if options.no_headers else options.compiler),
                  *faults_of_users(prefix, work, options)]
        run(build(HERE / "every_symbol", work / "every-symbol", prefix, options) / "every_symbol")
        run("cmake", "-S", HERE / "refused", "-B", work / "refused", f"-DCMAKE_PREFIX_PATH={prefix}")
    print("\n".join(faults) if faults else "what is installed is enough")
    if not faults:
        shutil.rmtree(work)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
