"""httpx: a Client. timeout bounds each of connect, read, write and the wait for a connection; unset, it is five seconds."""

import sys

import httpx

import contract

client = httpx.Client()


def exchange(method, url, body, timeout, fresh):
    global client
    if fresh:
        client.close()
        client = httpx.Client()
    headers = {"Content-Type": "application/octet-stream"} if body is not None else {}
    response = client.request(method, url, content=body, headers=headers, **({"timeout": timeout} if timeout else {}))
    return response.status_code, response.content


def word(error):
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    if isinstance(error, httpx.RemoteProtocolError):  # a peer that is malformed and one that left: the text alone tells
        return "closed" if "closed connection" in str(error) or "disconnected" in str(error) else "protocol"


code = contract.main(exchange, word)
client.close()
sys.exit(code)
