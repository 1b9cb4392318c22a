"""A TCP server, stage 1: as many a tutorial has it. It greets one client, whatever that client sent, and ends."""

import socket
import sys

host = sys.argv[1]
port = int(sys.argv[2])

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.bind((host, port))
s.listen(1)
print("listening on port", s.getsockname()[1], file=sys.stderr)
conn, address = s.accept()
conn.recv(1024)
conn.send(b"Hello, World!")
conn.close()
s.close()
