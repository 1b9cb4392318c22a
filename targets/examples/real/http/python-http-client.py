"""http.client: one HTTPConnection, or HTTPSConnection, kept. timeout is the socket's: it bounds the connect, each send and each read."""

import http.client
import sys
import urllib.parse

import contract

connection = None


def exchange(method, url, body, timeout, fresh):
    global connection
    parts = urllib.parse.urlsplit(url)
    if connection and (fresh or (connection.host, connection.port) != (parts.hostname, parts.port)):
        connection.close()
        connection = None
    if connection is None:
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port)
    connection.timeout = timeout or None
    if connection.sock:
        connection.sock.settimeout(connection.timeout)
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    headers = {"Content-Type": "application/octet-stream"} if body is not None else {}
    try:
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except Exception:
        connection.close()  # else it refuses the next request: CannotSendRequest
        raise


def word(error):
    if isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead)):
        return "closed"
    if isinstance(error, http.client.HTTPException):
        return "protocol"


code = contract.main(exchange, word)
if connection:
    connection.close()
sys.exit(code)
