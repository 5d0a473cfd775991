"""A well-behaved fake engine to try things by hand: `python3 -m fakes [PORT]` from tests/."""

import sys
import threading

from .upstream import Upstream

upstream = Upstream(name="fake", port=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
print(f"listening on {upstream.base}", flush=True)
threading.Event().wait()
