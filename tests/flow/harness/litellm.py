"""A LiteLLM's database with its tables, and the command that takes its keys over."""

import hashlib
import itertools
import subprocess
from pathlib import Path

from .daemon import binary

TABLES = Path(__file__).parent.parent / "litellm"
names = (f"litellm{number}" for number in itertools.count())


def hashed(key):
    return hashlib.sha256(key.encode()).hexdigest()


class Litellm:
    """One LiteLLM's database."""

    def __init__(self, cluster, tables):
        self.cluster = cluster
        self.name = next(names)
        self.url = cluster.database(self.name)
        self.run((TABLES / tables).read_text() + "GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;")

    def run(self, sql, values=()):
        return self.cluster.execute(sql, values, database=self.name)

    def insert(self, table, **columns):
        names = ", ".join(f'"{name}"' for name in columns)
        places = ", ".join("%s" for _ in columns)
        self.run(f'INSERT INTO "LiteLLM_{table}" ({names}) VALUES ({places})', tuple(columns.values()))

    def key(self, secret, **columns):
        self.insert("VerificationToken", token=hashed(secret), key_name="sk-..." + secret[-4:], **columns)


def bring(daemon, litellm, *arguments, code=0):
    """Runs the command beside the daemon; what it says."""
    done = subprocess.run(
        [binary(), "import", "litellm", "--database-url", litellm.url,
         "--config", str(daemon.config_path), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=60,
        cwd=daemon.folder, env=daemon.env)
    assert done.returncode == code, done.stdout
    return done.stdout
