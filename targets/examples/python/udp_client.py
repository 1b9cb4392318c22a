"""A sound UDP client, made to be copied. It sends what it reads from stdin in one datagram, waits for the same to come back, and
writes it to stdout.

UDP delivers a datagram once, twice, late, in another order, or not at all, and lets anybody send one. So a reply has to say
what it answers: here by its first 8 bytes, which are the request's and no other's."""

import argparse
import os
import socket
import sys
import time

COMPLETE, OTHER, TIMEOUT, REFUSED, CORRUPT = 0, 1, 10, 13, 14
ATTEMPTS = 3
ID = 8


def answers(reply, request):
    """Whether the reply belongs to the request. A short one is known only by all of it."""
    return reply[:ID] == request[:ID] if len(request) >= ID else reply == request


def ask(sock, request, timeout):
    """Send the request and return its reply. TimeoutError if none came in time, however often it was asked for."""
    # Each wait is twice as long as the one before, so that a network that loses datagrams because it is full is not kept
    # full. All of them together are the timeout. To ask again is right only for what may be done twice, as an echo may.
    wait = timeout / (2 ** ATTEMPTS - 1)
    end = time.monotonic()  # never jumps; time.time() does when somebody sets the clock
    for _ in range(ATTEMPTS):
        sock.send(request)  # of no bytes, too: an empty datagram is one
        end += wait
        wait *= 2
        while (left := end - time.monotonic()) > 0:
            sock.settimeout(left)  # what is left, not a fresh one: others' datagrams are no reason to wait longer
            try:
                reply = sock.recv(65535)  # the longest there is: what does not fit into a smaller one is cut without a word
            except TimeoutError:
                break
            if answers(reply, request):  # b"" is no end: UDP has none
                return reply
    raise TimeoutError("no reply in %g s, asked for %d times" % (timeout, ATTEMPTS))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("host")
    arguments.add_argument("port", type=int)
    arguments.add_argument("--timeout-ms", type=float, default=os.environ.get("FAULTWIRE_TIMEOUT_MS") or 500)
    args = arguments.parse_args()

    request = sys.stdin.buffer.read()
    code, problem = COMPLETE, ""
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            # Nothing is sent by this. From now on the kernel lets in only what comes from there, and tells of a closed port.
            sock.connect((args.host, args.port))
            reply = ask(sock, request, args.timeout_ms / 1000)
        if reply != request:
            code, problem = CORRUPT, "the reply is not what was sent"
        sys.stdout.buffer.write(reply)
    except TimeoutError as error:
        code, problem = TIMEOUT, error
    except ConnectionRefusedError as error:  # nobody listens, as an ICMP message said
        code, problem = REFUSED, error
    except OSError as error:  # too long for a datagram (EMSGSIZE), no such host, … Last: those above are kinds of OSError
        code, problem = OTHER, error
    if problem:
        print("client:", problem, file=sys.stderr)
    sys.exit(code)  # 0 only if every byte is back: success is what the calling program believes


main()
