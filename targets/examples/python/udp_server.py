"""A sound UDP server, made to be copied. It sends each datagram back to where it came from, until SIGTERM."""

import argparse
import signal
import socket
import sys
import time


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("host", help="one address; a server on 0.0.0.0 answers from whichever the kernel likes")
    arguments.add_argument("port", type=int)
    args = arguments.parse_args()

    # No SO_REUSEADDR: with it a second server could take the port as well, and which of the two is asked is chance.
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.bind((args.host, args.port))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    print("listening on port", sock.getsockname()[1], file=sys.stderr)
    while True:
        try:
            # The longest datagram there is: what does not fit into a smaller buffer is cut without a word. One of no bytes
            # is no end; "if not data: break" is for TCP.
            data, client = sock.recvfrom(65535)
            # From the socket that was asked: a client takes a reply from another port for a stranger's.
            sock.sendto(data, client)
        except OSError as error:  # this client has gone, or its network has: the next one may fare better
            print("datagram:", error, file=sys.stderr)
            time.sleep(0.001)  # so that an error that stays does not spin


main()
