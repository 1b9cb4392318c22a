"""requests: a Session. timeout bounds the connect, and each read."""

import http.client
import sys

import requests
import urllib3

import contract

session = requests.Session()


def exchange(method, url, body, timeout, fresh):
    global session
    if fresh:
        session.close()
        session = requests.Session()
    headers = {"Content-Type": "application/octet-stream"} if body is not None else {}
    response = session.request(method, url, data=body, headers=headers, timeout=timeout or None)
    return response.status_code, response.content


def word(error):  # the causes are urllib3's and http.client's
    if isinstance(error, requests.Timeout):
        return "timeout"
    if isinstance(error, urllib3.exceptions.InvalidChunkLength):  # an IncompleteRead, too
        return "protocol"
    if isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead)):
        return "closed"
    if isinstance(error, http.client.HTTPException):
        return "protocol"


code = contract.main(exchange, word)
session.close()
sys.exit(code)
