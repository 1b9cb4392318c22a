"""An echo client in session: put your own client between the marks. Usage: session.py HOST PORT"""

import hashlib
import json
import socket
import sys

sock = None  # kept from one exchange to the next


def exchange(message, received, fresh, timeout, push):
    # --- your client: send the message, append what comes to received, raise what goes wrong
    global sock
    if fresh and sock:
        drop()
    if sock is None:
        sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout)
    sock.settimeout(timeout)
    sock.sendall(message)
    while not push and len(received) < len(message):
        data = sock.recv(65536)
        if not data:
            raise EOFError("the peer closed before the whole echo was back")
        received += data
    # ---


def drop():
    global sock
    if sock:
        sock.close()  # whatever is still to come on it belongs to nobody
    sock = None


for line in sys.stdin:
    request = json.loads(line)
    reply, received = {"id": request["id"], "outcome": "unsupported"}, bytearray()
    if request["kind"] in ("echo", "push"):  # a push is sent, and no reply awaited
        try:
            with open(request["payload"], "rb") as file:
                exchange(file.read(), received, request["fresh"], request.get("timeout_ms", 500) / 1000, request["kind"] == "push")
            reply["outcome"] = "ok"
        except (OSError, EOFError) as error:
            drop()
            words = {TimeoutError: "timeout", ConnectionRefusedError: "refused", ConnectionError: "reset", EOFError: "closed"}
            reply["outcome"] = next((word for kind, word in words.items() if isinstance(error, kind)), "other")
            reply["detail"] = str(error)
        reply |= {"bytes": len(received), "sha256": hashlib.sha256(received).hexdigest()}
    print(json.dumps(reply), flush=True)
