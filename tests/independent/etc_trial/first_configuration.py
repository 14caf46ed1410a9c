"""The configuration that the program itself writes for that /etc (`autoheal init`): one engine a folder."""
import os

import yaml

PLACE = "/etc-trial-configuration"


class FirstConfiguration:
    def __init__(self, root, things):
        self.root, self.things, self.skipped = root, things, 0
        self.engines = {}  # name -> paths below /etc that it declares

    def write(self, healer):
        """The path of the configuration within the system."""
        os.makedirs(self.root + PLACE, mode=0o700)
        os.makedirs(self.root + "/var/lib/trial", exist_ok=True)
        file = f"{PLACE}/autoheal.yaml"
        folders = sorted({path.partition(b"/")[0].decode() for path, thing in self.things.items()
                          if thing.kind == "file" and b"/" in path})
        asked = []
        for name in folders:
            asked += ["--folder", f"/etc/{name}", "--baseline", f"/var/lib/trial/copies/{name}"]
        done = healer.run("-c", file, "init", *asked)
        if done.returncode != 0:
            raise SystemExit(f"init ended with {done.returncode}:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
        with open(self.root + file) as written:
            text = written.read()
        text = text.replace("  mode: observe", "\n".join([
            "  mode: heal", "  max_retries: 2", "  retry_delay: 0s", "  max_heals_per_hour: 10000", "  cooldown: 0s"]))
        text = text.replace('ledger: "var/ledger.db"', 'ledger: "/var/lib/trial/ledger/ledger.db"')
        with open(self.root + file, "w") as written:
            written.write(text)
        for engine in yaml.safe_load(text)["engines"]:
            inside = os.path.relpath(engine["root"], "/etc")
            self.engines[engine["name"]] = [os.fsencode(os.path.normpath(os.path.join(inside, one["path"])))
                                            for one in engine["repair"]["files"]]
        files = sum(thing.kind == "file" for thing in self.things.values())
        self.skipped = files - sum(map(len, self.engines.values()))
        return file
