"""What the Python programs share: arguments, exit codes and session. None of it touches a connection."""

import errno
import hashlib
import json
import os
import sys

CODES = {"ok": 0, "timeout": 10, "reset": 11, "closed": 12, "refused": 13, "corrupt": 14, "protocol": 15, "unsupported": 89}
ERRNOS = {errno.ETIMEDOUT: "timeout", errno.ECONNREFUSED: "refused",
          errno.ECONNRESET: "reset", errno.EPIPE: "reset", errno.ECONNABORTED: "reset"}


def causes(error):
    while error:
        yield error
        error = error.__cause__ or error.__context__


def outcome(error, word):
    """The outcome that the first of the error's causes stands for: word knows the library's exceptions."""
    for cause in causes(error):
        if found := word(cause) or isinstance(cause, TimeoutError) and "timeout" or ERRNOS.get(getattr(cause, "errno", None)):
            return found
    return "other"


def play(exchange, word, method, url, payload, timeout, fresh):
    """What came of an exchange: its outcome, the body received, and what there is to say."""
    body = None
    if payload:
        with open(payload, "rb") as file:
            body = file.read()
    try:
        status, received = exchange(method, url, body, timeout, fresh)
        return "ok" if 200 <= status < 300 else "other", received, f"status {status}"
    except Exception as error:
        detail = " < ".join(f"{type(cause).__module__}.{type(cause).__name__}: {cause}" for cause in causes(error))
        return outcome(error, word), getattr(error, "partial", b""), detail


def main(exchange, word, session=True):
    mode, args = sys.argv[1], sys.argv[2:]
    if mode in ("get", "head", "post"):
        timeout = int(os.environ.get("FAULTWIRE_TIMEOUT_MS", "0")) / 1000
        result, received, detail = play(exchange, word, mode.upper(), args[0], args[1] if mode == "post" else "", timeout, False)
        sys.stdout.buffer.write(received)
        if result != "ok":
            print(detail, file=sys.stderr)
        return CODES.get(result, 1)
    if mode != "session" or not session:
        return CODES["unsupported"]
    for line in sys.stdin:
        request = json.loads(line)
        reply = {"id": request["id"], "outcome": "unsupported"}
        if request["kind"] == "http" and request.get("method") in ("GET", "HEAD", "POST"):
            result, received, detail = play(exchange, word, request["method"], request["url"], request.get("payload"),
                                            request.get("timeout_ms", 0) / 1000, request.get("fresh"))
            reply |= {"outcome": result, "bytes": len(received), "sha256": hashlib.sha256(received).hexdigest(), "detail": detail}
        print(json.dumps(reply), flush=True)
    return 0
