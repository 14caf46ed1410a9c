"""Packages are installed again, upgraded and removed beside the daemon, by apt-get and real maintainer scripts."""
import glob
import shutil
import subprocess
import time

NGINX = """  - name: nginx
    root: /etc/nginx
    every: 1s
    self_test:
      - { name: process, process: { unit: nginx.service } }
      - { name: web, http: { url: "http://127.0.0.1/" }, timeout: 5s }
    repair: { service: { systemd: nginx.service } }
    certify: { hold: 0s }
"""
APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "--allow-downgrades", "-o", "APT::Sandbox::User=root")
CONTROL = """Package: trial-service
Version: {version}
Architecture: all
Maintainer: trial <trial@localhost>
Description: a service whose package stops it for its upgrade
"""


class Packages:
    def _cannot_nginx(self):
        """Why nginx cannot be tried; its packages are fetched once."""
        if not shutil.which("nginx"):
            return "nginx is not installed"
        folder = self.shared / "packages"
        if folder.exists():
            return None
        folder.mkdir()
        subprocess.run(["apt-get", "download", "nginx", "nginx-common"], cwd=folder, capture_output=True)
        for name in ("nginx", "nginx-common"):
            kept = sorted(glob.glob(f"/var/cache/apt/archives/{name}_*.deb"))
            if not list(folder.glob(f"{name}_*.deb")) and kept:
                shutil.copy(kept[-1], folder)
        if len(list(folder.iterdir())) == 2:
            return None
        shutil.rmtree(folder)
        return "its packages cannot be downloaded"

    def _reinstall(self):
        files = [f"/srv/packages/{one.name}" for one in sorted((self.shared / "packages").iterdir())]
        self.ok(*APT, "install", "--reinstall", *files)

    def _nginx_answers(self):
        ask = "import urllib.request as r; r.urlopen('http://127.0.0.1/', timeout=5)"
        return self.machine.run("python3", "-c", ask).returncode == 0

    def _start_nginx(self):
        self.ok("systemctl", "start", "nginx")
        self.machine.until(self._nginx_answers, 30, "nginx does not answer")

    def nginx_package_upgraded(self):
        """apt-get install --reinstall nginx: restarted and exchanged by its maintainer scripts alone."""
        if reason := self._cannot_nginx():
            return reason
        self._start_nginx()
        with self._daemon(NGINX):
            self._until_outcome("nginx", "passed")
            before = self.machine.show("nginx.service", "MainPID")
            for _ in range(3):
                self._reinstall()
            assert self.machine.show("nginx.service", "MainPID") != before, "nothing was upgraded"
            self._stays(lambda: self._count_of("heal.triggered") == 0, 4, "an upgrade was taken for a failure")
            assert self._nginx_answers() and self._outcome("nginx") == "passed"
        return None

    def nginx_package_removed(self):
        """What a package takes away is neither started again nor fought for, and told; installed again, it is looked
        after."""
        if reason := self._cannot_nginx():
            return reason
        self._start_nginx()
        with self._daemon(NGINX):
            self._until_outcome("nginx", "passed")
            self.ok(*APT, "remove", "nginx", "nginx-common")
            self._until_count("heal.skipped", 1, "nginx")
            self._stays(lambda: self._count_of("heal.triggered") == 0, 4, "it was started against its package")
            assert self._skipped("nginx") == ["held_back"], self._skipped("nginx")
            self._reinstall()
            self._start_nginx()
            self._until_outcome("nginx", "passed")
            self.machine.run("systemctl", "kill", "-s", "KILL", "nginx")
            self._until_count("heal.completed", 1, "nginx")
        return None

    def package_that_stops_for_its_upgrade(self):
        """Stopped by prerm, started by postinst, five seconds apart: longer than any grace, and nobody's fault."""
        if not shutil.which("dpkg-deb"):
            return "dpkg-deb is not installed"
        self.service("packed")
        self._package("1")
        self._package("2")
        self.ok("dpkg", "--install", "/srv/trial-service-1.deb")
        self.start("packed")
        engine = ("  - name: packed\n    every: 1s\n"
                  "    self_test: [ { name: active, process: { unit: packed.service } } ]\n"
                  "    repair: { service: { systemd: packed.service } }\n")
        with self._daemon(engine):
            self._until_outcome("packed", "passed")
            began = time.monotonic()
            self.ok("dpkg", "--install", "/srv/trial-service-2.deb")
            assert time.monotonic() - began > 5
            self._stays(lambda: self._count_of("heal.triggered") == 0, 4, "an upgrade was taken for a failure")
            assert self.count("packed") == 2, f"started {self.count('packed')} times"
            self.ok("systemctl", "kill", "-s", "KILL", "packed")
            self._until_count("heal.completed", 1, "packed")
        return None

    def _package(self, version):
        folder = self.shared / f"trial-service-{version}" / "DEBIAN"
        folder.mkdir(parents=True)
        (folder / "control").write_text(CONTROL.format(version=version))
        for script, text in {"prerm": "systemctl stop packed.service", "preinst": '[ "$1" != upgrade ] || sleep 5',
                             "postinst": "systemctl start packed.service"}.items():
            (folder / script).write_text(f"#!/bin/sh\nset -e\n{text}\n")
            (folder / script).chmod(0o755)
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", folder.parent,
                        self.shared / f"trial-service-{version}.deb"], check=True, capture_output=True)
