"""A TCP echo client, stage 2: it works, as long as nothing goes wrong."""

import socket
import sys

host = sys.argv[1]
port = int(sys.argv[2])
payload = sys.stdin.buffer.read()  # .buffer gives bytes; plain sys.stdin gives str

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect((host, port))  # waits for minutes if nobody answers
s.sendall(payload)
data = s.recv(1024)  # takes what happens to be there, or waits for ever
s.close()
sys.stdout.buffer.write(data)
