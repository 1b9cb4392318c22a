"""urllib.request: timeout is the socket's: it bounds the connect, each send and each read.

It has no session: it closes the connection after each request.
"""

import http.client
import sys
import urllib.error
import urllib.request

import contract


def exchange(method, url, body, timeout, fresh):
    headers = {"Content-Type": "application/octet-stream"} if body is not None else {}
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, **({"timeout": timeout} if timeout else {})) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def word(error):
    if isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead)):
        return "closed"
    if isinstance(error, http.client.HTTPException):
        return "protocol"


sys.exit(contract.main(exchange, word, session=False))
