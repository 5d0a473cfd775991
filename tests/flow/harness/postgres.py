"""A PostgreSQL cluster of our own: made in a temporary folder, on a free port, stopped and started at will."""

import contextlib
import glob
import os
import pwd
import signal
import subprocess
from pathlib import Path

import psycopg2

from .daemon import free_port


def program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    assert found, "PostgreSQL is not installed"
    return found[-1]


class Postgres:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.port = free_port()
        self._prefix = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._prefix = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        self.start()
        self.execute("CREATE ROLE spillway LOGIN")

    def _run(self, name, *arguments, check=True):
        command = [*self._prefix, program(name), *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              cwd="/")
        assert not check or done.returncode == 0, done.stdout.decode()

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "90", "-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode="immediate"):
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "90", "-m", mode, "stop", check=False)

    def database(self, name):
        """A fresh database; its connection string."""
        self.execute(f"CREATE DATABASE {name} OWNER spillway")
        return f"postgresql://spillway@127.0.0.1:{self.port}/{name}"

    def execute(self, statement, values=(), database="postgres"):
        """As the superuser, committed at once."""
        session = psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database, connect_timeout=5)
        try:
            session.autocommit = True
            with session.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            session.close()

    def freeze(self, frozen):
        """Stops all of the server's processes in their tracks, or lets them go on."""
        number = signal.SIGSTOP if frozen else signal.SIGCONT
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        for pid in [postmaster, *_children(postmaster)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]
