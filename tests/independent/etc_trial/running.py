"""Starts the services and tells whether each of them still is the very process that was started."""
import os
import subprocess
import time

import system
import waiting


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

    def talks():
        try:
            return service.talk is None or bool(service.talk(root))
        except (OSError, subprocess.TimeoutExpired):
            return False

    return waiting.until(talks, seconds, *signs_of_life(root))


def signs_of_life(root):
    """Folders in which services make pidfiles and sockets, and write their logs, when they are ready."""
    for name in ("run", "var/log"):
        for folder, _, _ in os.walk(os.path.join(root, name)):
            yield folder


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
    deadline = time.monotonic() + 30
    for service in services:
        waiting.until(lambda one=service: main_process(one) is not None, max(0, deadline - time.monotonic()),
                      *signs_of_life(root))
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
