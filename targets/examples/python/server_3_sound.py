"""A TCP echo server, stage 3: sound. It sends back what each client sends, until the client has finished."""

import argparse
import socket
import sys
import threading
import time

WRITE_TIMEOUT = 60  # seconds; a slow reader is no idle client, but one that never reads must not be kept for ever


def serve(client, idle):
    """Echo one client. Whatever happens to it is its own trouble, never the server's."""
    with client:  # closed whichever way this ends: no connection leaks
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # send small echoes at once
            while True:
                client.settimeout(idle)  # a client that vanished never says so: silence has to end some time
                data = client.recv(65536)
                # b"" means that the client has sent its last byte, not that it has stopped reading. All it sent is
                # echoed by now, so close: the bytes under way still arrive, and the end after them.
                if not data:
                    return
                # sendall, for send may take a part only. Nothing is read meanwhile, so a client that does not take
                # its echo is slowed down by TCP, and this server holds 64 KiB for it, never more.
                client.settimeout(WRITE_TIMEOUT)
                client.sendall(data)
        except OSError as error:  # reset, broken pipe, timed out: all are kinds of OSError
            print("client:", error, file=sys.stderr)


def main():
    arguments = argparse.ArgumentParser(description="Echo every client until it has finished.")
    arguments.add_argument("host")
    arguments.add_argument("port", type=int)
    arguments.add_argument("--idle-ms", type=float, default=600, help="close a client that is silent for so long")
    args = arguments.parse_args()

    # create_server sets SO_REUSEADDR, so a restart does not fail with "Address already in use". The backlog is how many
    # clients may wait for accept(): a short one leaves a burst of them unanswered.
    listener = socket.create_server((args.host, args.port), backlog=1024)
    print("listening on port", listener.getsockname()[1], file=sys.stderr)
    while True:
        try:
            client, _ = listener.accept()
        except OSError as error:  # the client is gone already, or too many are open: the next one may fare better
            print("accept:", error, file=sys.stderr)
            time.sleep(0.01)  # when descriptors run out accept fails at once, again and again
            continue
        # A thread each, so that a silent client holds up nobody. Daemon threads do not keep the program alive: Ctrl-C
        # ends it, and so does the default action of SIGTERM.
        try:
            threading.Thread(target=serve, args=(client, args.idle_ms / 1000), daemon=True).start()
        except RuntimeError as error:  # no more threads
            print("thread:", error, file=sys.stderr)
            client.close()


try:
    main()
except KeyboardInterrupt:
    pass
