"""Starts the services and tells whether each of them still is the very process that was started."""
import os
import subprocess
import time

import system


def processes():
    """Process number, start time, program and command line of all that run."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            program = os.path.basename(os.readlink(f"/proc/{name}/exe"))
            with open(f"/proc/{name}/stat") as file:
                after_name = file.read().rpartition(")")[2].split()
            with open(f"/proc/{name}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if after_name[0] != "Z":
            yield int(name), int(after_name[19]), program, line


def main_process(service):
    """Number and start time of its oldest process; None where none runs."""
    found = [(started, number) for number, started, program, line in processes()
             if program == service.program and service.arguments in line]
    if not found:
        return None
    started, number = min(found)
    return number, started


def still_there(identity):
    return any((number, started) == identity for number, started, _, _ in processes())


def answers(service, root, seconds):
    """Whether it answers within so many seconds."""
    until = time.monotonic() + seconds
    while True:
        try:
            if service.talk is None or service.talk(root):
                return True
        except (OSError, subprocess.TimeoutExpired):
            pass
        if time.monotonic() > until:
            return False
        time.sleep(0.2)


def start(root, services, log):
    """Starts them in order; main processes by name of service, and the names of those that did not come up."""
    with open(log, "wb") as told:
        for service in services:
            line = service.start or f"/etc/init.d/{service.name} start"
            told.write(f"== {line}\n".encode())
            told.flush()
            try:
                subprocess.run(["chroot", root, "sh", "-c", line], env=system.ENVIRONMENT, stdin=subprocess.DEVNULL,
                               stdout=told, stderr=told, timeout=60, start_new_session=True)
            except subprocess.TimeoutExpired:
                told.write(b"took too long\n")
    running, missing = {}, []
    until = time.monotonic() + 30
    for service in services:
        while main_process(service) is None and time.monotonic() < until:
            time.sleep(0.2)
        identity = main_process(service)
        if identity is None or not answers(service, root, 20):
            missing.append(service.name)
        else:
            running[service.name] = identity
    return running, missing


def dead(running, services, root):
    """The services that are no longer what was started, or no longer answer; by name, with what is wrong."""
    wrong = {}
    for service in services:
        if service.name in running:
            if not still_there(running[service.name]):
                wrong[service.name] = "its process ended"
            elif not answers(service, root, 10):
                wrong[service.name] = "it no longer answers"
    return wrong
