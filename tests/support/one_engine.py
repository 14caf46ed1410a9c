"""A folder with one engine, whose file follows a baseline."""
import pathlib
import tempfile

CONFIGURATION = """version: 1
ledger: var/ledger.db
engines:
  - name: EnvRecon
    every: 1h
    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]
    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }
"""


def make_folder(prefix):
    """Without its configuration. Whoever makes it removes it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    for name in ("etc", "baseline"):
        (folder / name).mkdir()
        (folder / name / "app.conf").write_text("port = 8080\n")
    return folder
