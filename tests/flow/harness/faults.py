"""A wall clock that jumps, a disk that fails, a name that leads elsewhere: `fakes/faults.c`, preloaded."""

import mmap
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "fakes" / "faults.c"
WRITES, SYNCS, READS, FULL = 1, 2, 4, 8

_CLOCK_OFFSET, _FAILING, _HITS, _DISK, _SIZE = 0, 8, 16, 24, 256


class Faults:
    """Start a daemon with `env`; everything else works on the running one."""

    def __init__(self, folder):
        library = Path(folder) / "faults.so"
        subprocess.run(["cc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                        "-o", library, SOURCE], check=True)
        switches = Path(folder) / "faults.switches"
        switches.write_bytes(bytes(_SIZE))
        with open(switches, "r+b") as file:
            self._switches = mmap.mmap(file.fileno(), _SIZE)
        self.env = {"LD_PRELOAD": str(library), "SPILLWAY_FAULTS": str(switches)}

    def resolving(self, name, address):
        """The environment of a daemon to which `name` is `address`."""
        return {**self.env, "SPILLWAY_FAULTS_NAME": f"{name}={address}"}

    def _set(self, at, number):
        self._switches[at:at + 8] = struct.pack("=q", number)

    def set_clock(self, offset):
        """The daemon's wall clock is `offset` seconds ahead of ours (behind, when negative)."""
        self._set(_CLOCK_OFFSET, offset)

    def break_disk(self, path, operations):
        """Those operations on files whose path contains `path` fail from now on: FULL with ENOSPC, others with EIO."""
        name = str(path).encode()
        assert len(name) < _SIZE - _DISK
        self._switches[_DISK:_SIZE] = name.ljust(_SIZE - _DISK, b"\0")
        self._set(_HITS, 0)
        self._set(_FAILING, operations)

    def mend_disk(self):
        self._set(_FAILING, 0)

    @property
    def hits(self):
        """How many operations were made to fail since the disk broke."""
        return struct.unpack_from("=q", self._switches, _HITS)[0]
