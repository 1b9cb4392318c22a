"""A client of UDP in session: put your own client between the marks. Usage: session_udp.py HOST PORT"""

import hashlib
import json
import socket
import sys
import time

# Kept from one exchange to the next. Connected: only the server is heard.
sock = socket.socket(type=socket.SOCK_DGRAM)
sock.connect((sys.argv[1], int(sys.argv[2])))


def exchange(message, timeout):
    # --- your client: send the message, return its reply, raise what goes wrong
    sock.send(message)
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        reply = sock.recv(65535)
        if reply[:8] == message[:8] and (len(message) >= 8 or reply == message):  # others' are late, doubled or forged
            return reply
    raise TimeoutError("no reply in time")
    # ---


for line in sys.stdin:
    request = json.loads(line)
    answer = {"id": request["id"], "outcome": "unsupported"}
    if request["kind"] == "udp":
        received = b""
        try:
            with open(request["payload"], "rb") as file:
                received = exchange(file.read(), request.get("timeout_ms", 500) / 1000)
            answer["outcome"] = "ok"
        except OSError as error:
            words = {TimeoutError: "timeout", ConnectionRefusedError: "refused"}
            answer["outcome"] = next((word for kind, word in words.items() if isinstance(error, kind)), "other")
            answer["detail"] = str(error)
        answer |= {"bytes": len(received), "sha256": hashlib.sha256(received).hexdigest()}
    print(json.dumps(answer), flush=True)
