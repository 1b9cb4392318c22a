"""A client in session: it plays the exchanges asked for on stdin, with the one defect that its first argument names."""

import hashlib
import json
import signal
import sys
import threading
import time

import client

WORDS = {0: "ok", 10: "timeout", 11: "reset", 12: "closed", 13: "refused", 15: "protocol"}


def spinning(sock, n, end):
    """Wait for data as programs do that do not know how to wait."""
    until = time.monotonic() + 0.5
    sock.setblocking(False)
    while time.monotonic() < until:
        try:
            data = sock.recv(n)
        except BlockingIOError:
            continue
        if not data:
            raise EOFError
        return data
    raise TimeoutError


def main():
    defect, host, port, protocol = sys.argv[1:5]
    if defect == "spins":
        client.P.recv = spinning
    if defect == "dies-of-sigpipe":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sock, lost = None, []
    for request in map(json.loads, sys.stdin):
        if request["kind"] not in (protocol, "push"):
            print(json.dumps({"id": request["id"], "outcome": "unsupported"}), flush=True)
            continue
        got, status = bytearray(), 0
        try:
            if sock is None or request["fresh"]:
                sock = client.connect(host, int(port))
            with open(request["payload"], "rb") as file:
                message = file.read()
            if request["kind"] == "push":
                sock.sendall(message)
            else:
                client.exchange(sock, protocol, message, got, time.monotonic() + 2)
        except (OSError, EOFError, client.Malformed) as error:
            status = client.code(error)
            if defect == "leaks-threads":
                threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
            if sock and defect == "leaks-sockets":
                lost.append(sock)
            elif sock and not (status == 10 and defect == "reuses"):
                sock.close()
            if not (status == 10 and defect == "reuses"):
                sock = None
        answer = {"id": request["id"], "outcome": WORDS.get(status, "other"), "bytes": len(got), "sha256": hashlib.sha256(got).hexdigest()}
        print(json.dumps(answer), flush=True)


main()
