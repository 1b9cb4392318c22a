"""A TCP echo client, stage 1: as many a tutorial has it. It stops with a TypeError."""

import socket
import sys

host = sys.argv[1]
port = int(sys.argv[2])

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect((host, port))
s.send("Hello, World!")  # a str; Python 3 sends bytes only
data = s.recv(1024)
s.close()
print("Received", repr(data))
