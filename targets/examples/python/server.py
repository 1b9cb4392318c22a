"""A sound TCP server for three protocols, made to be copied: server_3_sound.py, and messages that say where they end. It
sends back each message of each client, until the client has finished."""

import argparse
import signal
import socket
import sys
import threading
import time

LIMIT = 16 << 20  # the longest message: what one client may make this server keep
WRITE_TIMEOUT = 60  # seconds; a slow reader is no idle client, but one that never reads must not be kept for ever
FAREWELL = 1  # seconds that clients get to finish when the server is told to end


class Malformed(Exception):
    pass


def whole(protocol, received, before):
    """How many of the bytes received belong to messages that are complete. before is how many there were last time."""
    if protocol == "line":  # of text: bytes until an LF. A CR is one of them
        first = received.find(b"\n", before)
        if (first if first >= 0 else len(received)) > LIMIT:
            raise Malformed("a line without end")
        return received.rfind(b"\n", before) + 1
    if protocol == "framed":
        end = 0
        while len(received) >= end + 4:  # even the length may come in parts
            length = int.from_bytes(received[end:end + 4], "big")
            if length > LIMIT:  # a stranger's claim: no memory and no waiting for it
                raise Malformed("a message claims to be %d bytes long" % length)
            if len(received) < end + 4 + length:
                break
            end += 4 + length
        return end
    return len(received)  # an echo has no messages: every byte goes back at once


def send(client, data):
    # Nothing is read meanwhile, so a client that does not take its answers is slowed down by TCP, and no queue grows.
    client.settimeout(WRITE_TIMEOUT)
    with memoryview(data) as view:
        for start in range(0, len(view), 65536):  # in parts, for sendall()'s timeout is one for all it sends
            client.sendall(view[start:start + 65536])


def serve(client, protocol, idle):
    """Serve one client. Whatever happens to it is its own trouble, never the server's."""
    with client:  # closed whichever way this ends: no connection leaks. All was read, so this is no reset
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # send small answers at once
            received = bytearray()  # what came of messages that are not complete yet
            while True:
                client.settimeout(idle)  # a client that vanished never says so: silence has to end some time
                data = client.recv(65536)
                # b"" means that the client has sent its last byte, not that it has stopped reading.
                if not data:
                    if protocol == "line":
                        send(client, received)  # a last line without its end; half a frame is nothing
                    return
                before = len(received)
                received += data
                end = whole(protocol, received, before)
                send(client, received[:end])
                del received[:end]
        except (OSError, Malformed) as error:  # reset, broken pipe, timed out: all are kinds of OSError
            print("client:", error, file=sys.stderr)


def main():
    arguments = argparse.ArgumentParser(description="Send back each message of each client.")
    arguments.add_argument("host")
    arguments.add_argument("port", type=int)
    arguments.add_argument("--protocol", choices=["echo", "framed", "line"], default="echo")
    arguments.add_argument("--idle-ms", type=float, default=600, help="close a client that is silent for so long")
    args = arguments.parse_args()

    def end(*_):  # SIGTERM: take no more clients, let those finish that are being served
        listener.close()
        last = time.monotonic() + FAREWELL
        while threading.active_count() > 1 and time.monotonic() < last:
            time.sleep(0.01)
        sys.exit(0)

    # create_server sets SO_REUSEADDR, so a restart does not fail with "Address already in use". The backlog is how many
    # clients may wait for accept(): a short one leaves a burst of them unanswered.
    listener = socket.create_server((args.host, args.port), backlog=1024)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    print("listening on port", listener.getsockname()[1], file=sys.stderr)
    while True:
        try:
            client, _ = listener.accept()
        except OSError as error:  # the client is gone already, or too many are open: the next one may fare better
            print("accept:", error, file=sys.stderr)
            time.sleep(0.1)  # when descriptors run out accept fails at once, again and again
            continue
        # A thread each, so that a silent client holds up nobody. Daemon threads do not keep the program alive.
        try:
            threading.Thread(target=serve, args=(client, args.protocol, args.idle_ms / 1000), daemon=True).start()
        except RuntimeError as error:  # no more threads
            print("thread:", error, file=sys.stderr)
            client.close()


main()
