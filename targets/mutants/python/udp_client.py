"""A client of udp, with the one defect that its first argument names; "none" is sound."""

import socket
import sys
import time

DEFECT = sys.argv[1]


def exchange(sock, request, end):
    sock.send(request)
    while True:
        if DEFECT != "no-timeout":
            sock.settimeout(max(0.001, end - time.monotonic()))
        reply = sock.recv(1024 if DEFECT == "recv-1024" else 65535)
        if DEFECT == "empty-is-end" and not reply:
            raise EOFError("the peer closed")
        if DEFECT == "takes-next" or reply[:8] == request[:8] and (len(request) >= 8 or reply == request):
            return reply


def code(error):
    for kind, code in ((TimeoutError, 10), (ConnectionRefusedError, 13), (ConnectionError, 11), (EOFError, 12)):
        if isinstance(error, kind):
            return code
    return 1


def main():
    host, port = sys.argv[2], int(sys.argv[3])
    status = 0
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.connect((host, port))
            sys.stdout.buffer.write(exchange(sock, sys.stdin.buffer.read(), time.monotonic() + 0.5))
    except (OSError, EOFError) as error:
        status = code(error)
        print(repr(error), file=sys.stderr)
    sys.stdout.flush()
    sys.exit(status)


main()
