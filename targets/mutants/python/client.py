"""A client of echo, framed or line, with the one defect that its first argument names; "none" is sound.

Each part below is a function in the namespace PARTS; a defect replaces one of them.
"""

import signal
import socket
import struct
import sys
import time
from types import SimpleNamespace

LIMIT = 16 << 20


class Malformed(Exception):
    pass


def connect(host, port):
    return socket.create_connection((host, port), 0.5)


def wait(sock, end):
    """Bound the next call: half a second, or what is left of the whole."""
    left = min(0.5, end - time.monotonic())
    if left <= 0:
        raise TimeoutError("all in all")
    sock.settimeout(left)


def recv(sock, n, end):
    P.wait(sock, end)
    data = sock.recv(n)
    if not data:
        raise EOFError("the peer closed")
    return data


def exactly(sock, n, got, end):
    """Append n bytes to got, which keeps what came if this fails."""
    while n > 0:
        data = P.recv(sock, min(n, 65536), end)
        got += data
        n -= len(data)


def send(sock, data, end):
    P.wait(sock, end)
    sock.sendall(data)


def prefix(sock, end):
    head = bytearray()
    P.exactly(sock, 4, head, end)
    (n,) = struct.unpack(">I", head)
    if n > LIMIT:
        raise Malformed(f"{n} bytes announced")
    return n


def body(sock, n, got, end):
    P.exactly(sock, n, got, end)


def line(sock, got, end):
    while not got.endswith(b"\n"):
        got += P.recv(sock, 65536, end)
    del got[-1]


def done(got):
    return bytes(got)


def exchange(sock, protocol, payload, got, end):
    framing = {"echo": payload, "framed": struct.pack(">I", len(payload)) + payload, "line": payload + b"\n"}
    P.send(sock, framing[protocol], end)
    if protocol == "line":
        P.line(sock, got, end)
    else:
        P.body(sock, P.prefix(sock, end) if protocol == "framed" else len(payload), got, end)


def code(error):
    for kind, code in ((TimeoutError, 10), (ConnectionRefusedError, 13), (ConnectionError, 11), (EOFError, 12), (Malformed, 15)):
        if isinstance(error, kind):
            return code
    return 1


PARTS = dict(connect=connect, wait=wait, recv=recv, exactly=exactly, send=send, prefix=prefix, body=body, line=line, done=done, code=code)
P = SimpleNamespace(**PARTS)


# The defects.

def one_recv(sock, n, got, end):
    got += recv(sock, max(n, 1), end)


def fixed_buffer(sock, n, got, end):
    got += recv(sock, 1024, end)
    del got[n:]


def until_empty(sock, n, got, end):
    while n > len(got):
        wait(sock, end)
        data = sock.recv(65536)
        if not data:
            break  # the end, so that must be all
        got += data


def reads_nothing_for_ever(sock, n, got, end):
    while n > len(got):
        wait(sock, time.monotonic() + 1)
        got += sock.recv(65536)  # b"" at the end of the stream, at once, again and again
        time.sleep(0.001)


def while_full(sock, n, got, end):
    while True:
        data = recv(sock, 1024, end)
        got += data
        if len(data) < 1024:
            break


def silence_is_end(sock, n, got, end):
    try:
        exactly(sock, n, got, end)
    except TimeoutError:
        pass


def short_prefix(sock, end):
    data = recv(sock, 4, end)
    return int.from_bytes(data, "big")


def trusting_prefix(sock, end):
    head = bytearray()
    exactly(sock, 4, head, end)
    return int.from_bytes(head, "big")


def send_once(sock, data, end):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    sock.settimeout(0)  # returns what the kernel took at once
    sock.send(data)


def chunkwise(sock, n, got, end):
    while n > 0:
        data = recv(sock, 65536, end)
        n -= len(data)
        got += data.decode(errors="ignore").encode()


def first_of_line(sock, got, end):
    got += recv(sock, 65536, end).rstrip(b"\n")


def line_or_rest(sock, got, end):
    try:
        line(sock, got, end)
    except EOFError:
        if not got:
            raise


def interrupted(*_):
    raise InterruptedError("a signal")


def interruptible(host, port):
    signal.signal(signal.SIGWINCH, interrupted)
    return connect(host, port)


def try_again(sock, n, end):
    while True:
        try:
            return recv(sock, n, time.monotonic() + 0.5)
        except InterruptedError:
            pass


def os_error_first(error):
    return 10 if isinstance(error, OSError) else 12


def one_code(error):
    return 11


def swallowed(error):
    return 0


DEFECTS = {
    "none": {},
    "one-recv": dict(body=one_recv),
    "fixed-buffer": dict(body=fixed_buffer),
    "empty-is-end": dict(body=until_empty),
    "reads-nothing-for-ever": dict(body=reads_nothing_for_ever),
    "while-full": dict(body=while_full),
    "silence-is-end": dict(body=silence_is_end),
    "short-prefix": dict(prefix=short_prefix),
    "trusts-length": dict(prefix=trusting_prefix),
    "send-once": dict(send=send_once),
    "decodes-chunks": dict(body=chunkwise),
    "strips": dict(done=lambda got: bytes(got).strip()),
    "text-mode": dict(done=lambda got: bytes(got).replace(b"\r\n", b"\n")),
    "first-of-line": dict(line=first_of_line),
    "line-or-rest": dict(line=line_or_rest),
    "os-error-is-timeout": dict(code=os_error_first),
    "one-code": dict(code=one_code),
    "swallows-errors": dict(code=swallowed),
    "no-timeout": dict(wait=lambda sock, end: sock.settimeout(None)),
    "no-total": dict(wait=lambda sock, end: sock.settimeout(0.5)),
    "dies-of-signals": dict(connect=interruptible),
    "signals-wind-up": dict(connect=interruptible, recv=try_again),
    "double-timeout": dict(wait=lambda sock, end: sock.settimeout(1.2)),
}


def main():
    defect, host, port, protocol = sys.argv[1:5]
    vars(P).update(DEFECTS[defect])
    payload, got, status = sys.stdin.buffer.read(), bytearray(), 0
    end = time.monotonic() + 2
    try:
        with P.connect(host, int(port)) as sock:
            exchange(sock, protocol, payload, got, end)
    except (OSError, EOFError, Malformed) as error:
        status = P.code(error)
        print(repr(error), file=sys.stderr)
    sys.stdout.buffer.write(P.done(got))
    sys.stdout.flush()
    sys.exit(status)


if __name__ == "__main__":
    main()
