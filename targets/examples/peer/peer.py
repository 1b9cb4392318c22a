"""A peer: it sends back whatever it is sent, and asks others when it is asked to. Usage: peer.py LISTEN_PORT HOST PORT"""

import hashlib
import json
import socket
import sys
import threading

LISTEN, HOST, PORT = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


# The side that is asked: a thread for each who asks. What happens to one is no other's business, nor that of the other side.

def answer(conn):
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data)
        except OSError:
            pass  # it has gone


def listen(listener):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=answer, args=(conn,), daemon=True).start()


# The side that asks.

sock = None  # kept from one exchange to the next


def ask(message, received, fresh, timeout):
    global sock
    if fresh:
        drop()
    if sock is None:
        sock = socket.create_connection((HOST, PORT), timeout)
    sock.settimeout(timeout)
    sock.sendall(message)
    while len(received) < len(message):
        data = sock.recv(65536)
        if not data:
            raise EOFError("the other closed before the whole echo was back")
        received += data


def drop():
    global sock
    if sock:
        sock.close()  # whatever is still to come on it belongs to nobody
    sock = None


WORDS = {TimeoutError: "timeout", ConnectionRefusedError: "refused", ConnectionError: "reset", EOFError: "closed"}

listener = socket.create_server(("127.0.0.1", LISTEN))
threading.Thread(target=listen, args=(listener,), daemon=True).start()
for line in sys.stdin:
    request = json.loads(line)
    reply, received = {"id": request["id"], "outcome": "unsupported"}, bytearray()
    if request["kind"] == "echo":
        try:
            with open(request["payload"], "rb") as file:
                ask(file.read(), received, request["fresh"], request.get("timeout_ms", 500) / 1000)
            reply["outcome"] = "ok"
        except (OSError, EOFError) as error:
            drop()
            reply["outcome"] = next((word for kind, word in WORDS.items() if isinstance(error, kind)), "other")
            reply["detail"] = str(error)
        reply |= {"bytes": len(received), "sha256": hashlib.sha256(received).hexdigest()}
    print(json.dumps(reply), flush=True)
