"""Serve a folder over https, for a phone in the same network.

python3 serve_https.py FOLDER CERTIFICATE KEY [PORT]
"""

import functools
import http.server
import ssl
import sys


def main(folder: str, certificate: str, key: str, port: str = "8443") -> None:
    """Serve until Ctrl-C."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with http.server.ThreadingHTTPServer(("", int(port)), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(f"https on port {server.server_port}; Ctrl-C ends it", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main(*sys.argv[1:])
