"""A server of S3 on loopback, as a process of its own; prints its address."""

import logging
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

LOCK = threading.Lock()
APP = DomainDispatcherApplication(create_backend_app)


def one_at_a_time(environ, start_response):
    """Answer one request after the other.

    moto looks whether an object is there and then writes it, in two steps; S3 does
    both in one.
    """
    with LOCK:
        return APP(environ, start_response)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
