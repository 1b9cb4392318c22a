"""A server of udp, with the one defect that its first argument names; "none" and "everywhere" are sound."""

import socket
import sys

DEFECT = sys.argv[1]
PKTINFO = 8  # IP_PKTINFO of Linux, which the socket module of older Pythons does not name


def receive(sock):
    """The next datagram, its sender, and what sendmsg() needs to answer from the address that it was sent to."""
    data, control, _, client = sock.recvmsg(65535, 64)
    for level, kind, info in control:
        if (level, kind) == (socket.IPPROTO_IP, PKTINFO):
            # struct in_pktinfo: the interface, the address to send from, the one in the datagram's header
            return data, client, [(level, kind, bytes(4) + info[8:12] + bytes(4))]
    return data, client, []


def main():
    host, port = sys.argv[2], int(sys.argv[3])
    sock = socket.socket(type=socket.SOCK_DGRAM)
    everywhere = DEFECT in ("everywhere", "any-address")
    if DEFECT == "everywhere":
        sock.setsockopt(socket.IPPROTO_IP, PKTINFO, 1)
    sock.bind(("0.0.0.0" if everywhere else host, port))
    while True:
        if DEFECT == "everywhere":
            data, client, source = receive(sock)
            sock.sendmsg([data], source, 0, client)
            continue
        data, client = sock.recvfrom(1024 if DEFECT == "recv-1024" else 65535)
        if DEFECT == "empty-is-end" and not data:
            break
        if DEFECT == "decodes" and len(data) < 8:
            data = data.decode().encode()
        sock.sendto(data, client)


main()
