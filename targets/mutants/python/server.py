"""A server of echo, framed or line, with the one defect that its first argument names; "none" is sound."""

import os
import signal
import socket
import struct
import sys
import threading
import time
from queue import SimpleQueue

DEFECT = sys.argv[1]
LIMIT = 16 << 20
held = []  # what a leak holds on to
shared = bytearray(65536)


def messages(conn, protocol):
    """Yield what is to be sent back, as soon as it is whole."""
    data = b""
    while True:
        if DEFECT == "shared-buffer":
            n = conn.recv_into(shared)
            time.sleep(0.001)  # others come to run, as they do
            part = bytes(shared[:n])
        else:
            part = conn.recv(1024 if DEFECT == "one-recv" else 65536)
        if not part:
            if DEFECT == "spins-at-end":
                conn.shutdown(socket.SHUT_WR)
                while True:
                    conn.recv(1)
            if protocol == "line" and data:
                yield data
            return
        data += part
        if protocol == "framed":
            while len(data) >= 4:
                (n,) = struct.unpack(">I", data[:4])
                if n > LIMIT:
                    return
                if len(data) < 4 + n:
                    break
                yield data[: 4 + n]
                data = b"" if DEFECT == "forgets-rest" else data[4 + n :]
        elif protocol == "line":
            at = data.rfind(b"\n") + 1
            if at:
                yield data[:at]
                data = data[at:]
        else:
            yield data.replace(b"\r\n", b"\n") if DEFECT == "text-mode" else data
            data = b""
            if DEFECT == "one-recv":
                return


def serve(conn, protocol):
    conn.settimeout(None if DEFECT in ("no-idle", "waits-for-all") else 0.8)
    if DEFECT == "unbounded-queue":
        return queueing(conn, protocol)
    if DEFECT == "keeps-sockets":
        held.append(conn)  # and takes it out again when all went well
    try:
        for reply in messages(conn, protocol):
            conn.sendall(reply)
        conn.close()
        if DEFECT == "keeps-sockets":
            held.remove(conn)
    except OSError:
        if DEFECT == "reset-kills":
            os._exit(1)
        if DEFECT == "keeps-threads":
            time.sleep(600)
        if DEFECT == "leaves-children" and os.fork() == 0:
            os._exit(0)  # and nobody waits for it
        if DEFECT != "keeps-sockets":
            conn.close()


def queueing(conn, protocol):
    queue = SimpleQueue()

    def write():
        try:
            while reply := queue.get():
                conn.sendall(reply)
        except OSError:
            pass
        conn.close()

    conn.settimeout(None)
    threading.Thread(target=write, daemon=True).start()
    try:
        for reply in messages(conn, protocol):
            queue.put(reply)
    except OSError:
        pass
    queue.put(b"")


def leave(*_):
    while threading.active_count() > 1:
        time.sleep(0.01)
    os._exit(0)


def main():
    host, port, protocol = sys.argv[2], int(sys.argv[3]), sys.argv[4]
    listener = socket.socket()
    if DEFECT != "no-reuseaddr":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    if DEFECT == "waits-for-all":
        signal.signal(signal.SIGTERM, leave)
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            if DEFECT == "accept-error-ends":
                raise
            if DEFECT != "accept-error-spins":
                time.sleep(0.1)
            continue
        if DEFECT == "one-at-a-time":
            serve(conn, protocol)
        elif DEFECT == "one-client":
            serve(conn, protocol)
            return
        else:
            threading.Thread(target=serve, args=(conn, protocol), daemon=True).start()


main()
