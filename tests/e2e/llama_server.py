"""Runs llama.cpp's own HTTP server with a model file: `python3 llama_server.py MODEL PORT WINDOW SLOTS [--embeddings]`.

The wheel `xllamacpp` carries the server as a library; it serves until its process ends.
"""

import sys
import threading

import xllamacpp


def main():
    path, port, window, slots = sys.argv[1:5]
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.port = int(port)
    params.n_ctx = int(window) * int(slots)
    params.n_parallel = int(slots)
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.endpoint_metrics = True
    if "--embeddings" in sys.argv:
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.fit_params = False
    params.warmup = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
