"""A TCP echo server, stage 2: it echoes, but reads once, answers once and serves one client."""

import socket
import sys

host = sys.argv[1]
port = int(sys.argv[2])

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else a restart within a minute: Address already in use
s.bind((host, port))
s.listen(1)
print("listening on port", s.getsockname()[1], file=sys.stderr)
conn, address = s.accept()
data = conn.recv(1024)  # takes what happens to be there
conn.sendall(data)
conn.close()
s.close()
