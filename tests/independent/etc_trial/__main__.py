"""An ordinary /etc of Debian with its services running, damaged file by file, healed, and compared by code that shares
nothing with the program under trial: python3 tests/independent/etc_trial --program build/release/autoheal

Needs root, debootstrap, unshare, ip and setfacl, and a Debian mirror for the first run. Everything happens in a folder
and in namespaces of its own; this machine's /etc is only read for its name servers. Ends with 0 if nothing was
certified wrong and all services still run, with 1 if not, with 77 where it cannot be tried.
"""
import argparse
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # what trials share lies beside them
sys.dont_write_bytecode = True
import configuration  # noqa: E402
import damages  # noqa: E402
import first_configuration  # noqa: E402
import healer as healers  # noqa: E402
import namespaces  # noqa: E402
import phases  # noqa: E402
import reference  # noqa: E402
import running  # noqa: E402
import services as table  # noqa: E402
import specials  # noqa: E402
import system  # noqa: E402

FAILING = ("certified wrong", "not put back", "touched though not declared", "names of one file parted",
           "service ended", "healer")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="autoheal")
    parser.add_argument("--work", type=pathlib.Path, default=HERE.parents[2] / "build/etc-trial",
                        help="the folder for packages, system and logs (3 GiB)")
    parser.add_argument("--services", type=int, default=len(table.SERVICES), metavar="N",
                        help="only the first N services")
    parser.add_argument("--files", type=int, default=1 << 30, metavar="N", help="only so many files and links")
    parser.add_argument("--only", action="append", choices=sorted({*damages.OF_FILES, "mix", "daemon"}),
                        help="only this damage; may be repeated")
    parser.add_argument("--init", action="store_true", help="the configuration that `autoheal init` writes")
    parser.add_argument("--mixes", type=int, default=3, metavar="N",
                        help="random mixes, each by itself and under the daemon")
    parser.add_argument("--seed", type=int, default=1, help="of the first mix")
    parser.add_argument("--seconds", type=int, default=3600, help="for the whole trial, the making of the system aside")
    parser.add_argument("--keep", action="store_true", help="keep the system of this run in WORK/root")
    parser.add_argument("--in-long-runs", action="store_true", help="do nothing unless AUTOHEAL_LONG=1")
    return parser.parse_args()


def cannot(options):
    """Why it cannot be tried here; None where it can."""
    if options.in_long_runs and os.environ.get("AUTOHEAL_LONG") != "1":
        return "the trial of a whole /etc is part of the long runs (AUTOHEAL_LONG=1)"
    if os.geteuid() != 0:
        return "the trial of a whole /etc needs root"
    missing = [one for one in ("debootstrap", "unshare", "ip", "setfacl", "ldd") if not shutil.which(one)]
    if missing:
        return f"the trial of a whole /etc needs {', '.join(missing)}"
    if subprocess.run(["unshare", "--mount", "--pid", "--net", "--fork", "true"], capture_output=True).returncode != 0:
        return "the trial of a whole /etc needs namespaces of its own, which are not allowed here"
    return None


def chosen_services(options):
    return table.SERVICES[:options.services]


def trial(options):
    """The run itself; called in the machine of the run."""
    services = chosen_services(options)
    root = str(system.copy(options.work, services))
    began = time.monotonic()
    started, missing = running.start(root, services, options.work / "services.log")
    if missing:
        raise SystemExit(f"these services did not start: {', '.join(missing)} (see {options.work / 'services.log'})")
    print(f"{len(started)} services run and answer after {time.monotonic() - began:.0f} s", flush=True)
    specials.plant(os.path.join(root, "etc"))
    healer = healers.Healer(root, options.program)
    keys = configuration.known_keys(healer.run("config", "schema").stdout)
    things = reference.things_below(os.path.join(root, "etc"))
    if options.init:
        writer = first_configuration.FirstConfiguration(root, things)
        healer.configuration = writer.write(healer)
        print(f"init left out {writer.skipped} files")
    else:
        writer = configuration.Writer(root, things, keys)
        healer.configuration = writer.write(options.files)
    checked = healer.run("config", "check")
    if checked.returncode != 0:
        raise SystemExit(f"the configuration is refused:\n{checked.stdout}{checked.stderr}")
    declared = sum(map(len, writer.engines.values()))
    print(f"{len(things)} things below /etc, {declared} files and links declared in {len(writer.engines)} engines")
    for condition, paths in reference.census(things).items():
        if paths:
            print(f"  {len(paths):5} {condition} ({', '.join(map(phases.shown, paths[:2]))})")
    with open(options.work / "phases.log", "w") as log:
        run = phases.Trial(root, healer, writer.engines, services, started, "repair.files.replace" in keys,
                           lambda line: print(line, file=log, flush=True))
        words = healer.self_test()
        failing = {engine: word for engine, word in words.items() if word[0] != "passed"}
        if failing:
            raise SystemExit(f"engines fail before anything was damaged: {failing}")
        all_phases(run, options)
    return verdict(run, services, root, options)


def all_phases(run, options):
    wanted = options.only or [*damages.OF_FILES, "mix", "daemon"]
    for name in damages.OF_FILES:
        if name in wanted:
            run.phase(name, run.all_with(name))
    for number in range(options.mixes if "mix" in wanted else 0):
        run.phase(f"mix of seed {options.seed + number}", run.mix(options.seed + number))
    if "daemon" not in wanted:
        return
    run.healer.serve(options.work / "daemon.log")
    for name in ("wider", "owner", "content", "deleted"):
        run.phase(name, run.all_with(name), daemon=True)
    for number in range(options.mixes):
        run.phase(f"mix of seed {options.seed + 1000 + number}", run.mix(options.seed + 1000 + number), daemon=True)
    status = run.healer.stop()
    if status != 0:
        run.findings.add("healer", f"the daemon ended with {status}", "")


def verdict(run, services, root, options):
    for service, why in running.dead(run.started, services, root).items():
        run.findings.add("service ended", service, why)
    verified = run.healer.run("ledger", "verify")
    if verified.returncode != 0:
        run.findings.add("healer", "its ledger does not verify", verified.stdout[-300:] + verified.stderr[-300:])
    left = reference.own_leftovers(os.path.join(root, "etc"))
    print("\nFigures")
    print(f"  {run.figures['damaged']} damages, {run.figures['healed']} healed, "
          f"{run.figures['refused']} in engines that were refused")
    for sort in (*FAILING, "not noticed", "beyond declaring"):
        print(f"  {run.findings.counts[sort]} {sort}")
    print(f"  {len(run.started)} of {len(services)} services are still the same processes")
    print(f"  {len(left)} names left in the program's own folders below /etc")
    for (sort, kind), (count, examples) in sorted(run.findings.kinds.items()):
        print(f"\n{sort}: {kind}: {count}")
        for example in examples:
            print(f"    {example}")
    if run.reasons:
        print("\nReasons of refusal, by engine and phase")
        for reason, count in run.reasons.most_common(40):
            print(f"  {count:5}  {reason}")
    return 1 if any(run.findings.counts[sort] for sort in FAILING) else 0


def clean(options):
    if not options.keep:
        system.remove(options.work / "root")
    system.remove(options.work / "making")


def main():
    options = arguments()
    options.work, options.program = options.work.resolve(), options.program.resolve()
    inner = os.environ.get(namespaces.MARK)
    if inner is None:
        why = cannot(options)
        if why:
            print(why)
            return 77
        options.work.mkdir(parents=True, exist_ok=True)
        lock = open(options.work / "lock", "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another trial runs in {options.work}", file=sys.stderr)
            return 1
    services = chosen_services(options)
    given = [str(HERE), *sys.argv[1:]]
    if inner != "False" and not system.base_of(options.work, services).exists():
        status = namespaces.inside(given, lambda: system.make(options.work, services), network=True, seconds=3600)
        if status != 0:
            return status
    try:
        return namespaces.inside(given, lambda: trial(options), seconds=options.seconds)
    finally:
        if inner is None:  # within, mounts would be taken for what lies below
            clean(options)


if __name__ == "__main__":
    sys.exit(main())
