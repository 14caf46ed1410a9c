"""Services of a real systemd, broken as they break, and healed: python3 tests/independent/systemd_trial --program
build/release/autoheal

Needs root; systemd runs in namespaces of its own, with the programs of this machine. Ends with 0 if all went right,
with 1 if not, with 77 where it cannot be tried.
"""
import argparse
import os
import pathlib
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import machine as machines  # noqa: E402
from daemon_life import DaemonLife  # noqa: E402
from first_configuration import FirstConfiguration  # noqa: E402
from hardened import Hardened  # noqa: E402
from packages import Packages  # noqa: E402
from restarts import Restarts  # noqa: E402
from serving import Serving  # noqa: E402
from trial import Trial  # noqa: E402
from units import Units  # noqa: E402

KINDS = (Units, DaemonLife, Hardened, FirstConfiguration, Packages, Restarts)
TRIED = [name for kind in KINDS for name in vars(kind) if not name.startswith("_")]


class AllOfThem(*KINDS, Serving, Trial):
    pass


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="autoheal")
    parser.add_argument("--unit-tests", type=pathlib.Path, help="unit_host, for what only a real systemd can show")
    parser.add_argument("--only", action="append", choices=TRIED, help="only this; may be repeated")
    parser.add_argument("--restarts", type=int, default=24, help="so many restarts beside the daemon (default 24)")
    parser.add_argument("--seed", type=int, default=0, help="of their pauses")
    parser.add_argument("--in-long-runs", action="store_true", help="do nothing unless AUTOHEAL_LONG=1")
    parser.add_argument("--keep-log", type=pathlib.Path, help="what the machine says, into this file")
    return parser.parse_args()


def main():
    options = arguments()
    reason = machines.cannot()
    if options.in_long_runs and os.environ.get("AUTOHEAL_LONG") != "1":
        reason = "is part of the long runs (AUTOHEAL_LONG=1)"
    if reason:
        print(f"skipped: the trial with a real systemd {reason}")
        return 77
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="systemd-trial-") as folder:
        place = pathlib.Path(folder)
        with open(options.keep_log or place / "log", "w") as log:
            trial = AllOfThem(place, options, log)
            try:
                for name in options.only or TRIED:
                    began = time.monotonic()
                    try:
                        left_out = getattr(trial, name)()
                        told = f"left out: {name}, {left_out}" if left_out else f"right: {name}"
                        print(f"{told} ({time.monotonic() - began:.1f} s)", flush=True)
                    except Exception:
                        wrong += 1
                        print(f"WRONG: {name}\n{traceback.format_exc()}", flush=True)
            finally:
                trial.machine.end()
    for line in trial.figures:
        print(line)
    print(f"{wrong} of {len(options.only or TRIED)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
