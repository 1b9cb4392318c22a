"""A TCP echo client, stage 3: sound. It sends what it reads from stdin, waits until as many bytes have come back, and
writes them to stdout. The exit code says how that ended, and stderr says it in words."""

import argparse
import os
import select
import socket
import sys
import time

COMPLETE, OTHER, TIMEOUT, RESET, CLOSED, REFUSED, CORRUPT, MALFORMED = 0, 1, 10, 11, 12, 13, 14, 15


def exchange(address, payload, received, timeout):
    """Send payload and append the echo to received; the caller keeps what came even if this ends in an error."""
    # Two deadlines. timeout bounds each wait, but a peer that drips a byte now and then would renew it for ever,
    # so this one bounds the whole. monotonic() never jumps; time() does when somebody sets the clock.
    end = time.monotonic() + 4 * timeout
    with socket.create_connection(address, timeout) as sock:  # without a timeout: minutes, if nobody answers
        unsent = memoryview(payload)  # so that unsent[n:] below copies nothing
        was_reset = False
        # TCP is a stream without message boundaries: one recv() may bring any part of the echo. Count the bytes.
        while len(received) < len(payload):
            patience = min(timeout, end - time.monotonic())  # a fresh one for each wait
            if patience <= 0:
                raise TimeoutError("the whole exchange took too long")
            # Read while sending: a peer that echoes at once stops reading when nobody takes its echo, and a client
            # that only sends would then wait for a peer that waits for the client.
            readable, writable, _ = select.select([sock], [sock] if unsent else [], [], patience)
            if readable:
                data = sock.recv(65536)
                if data:
                    received += data
                elif was_reset:
                    raise ConnectionResetError("connection reset while sending")
                else:  # an empty recv() is how an orderly close looks; it raises nothing
                    raise EOFError("the peer closed before the whole echo was back")
            elif writable:
                try:
                    unsent = unsent[sock.send(unsent):]  # send() may take a part only
                except ConnectionError:  # said once: recv() will still give what came before, then b""
                    unsent, was_reset = b"", True
            elif patience == timeout:  # a shorter wait was the whole's last, as the next round finds
                raise TimeoutError("nothing came and nothing went for %g s" % timeout)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("host")
    arguments.add_argument("port", type=int)
    arguments.add_argument("--timeout-ms", type=float, default=os.environ.get("FAULTWIRE_TIMEOUT_MS") or 500)
    args = arguments.parse_args()

    payload, received = sys.stdin.buffer.read(), bytearray()
    code, problem = COMPLETE, ""
    try:
        exchange((args.host, args.port), payload, received, args.timeout_ms / 1000)
        if not received.startswith(payload):
            code, problem = CORRUPT, "the echo is not what was sent"
        elif len(received) > len(payload):
            code, problem = MALFORMED, "the peer sent more than the echo"
    except TimeoutError as error:
        code, problem = TIMEOUT, error
    except ConnectionRefusedError as error:
        code, problem = REFUSED, error
    except ConnectionError as error:  # every other kind: reset, broken pipe, aborted
        code, problem = RESET, error
    except EOFError as error:
        code, problem = CLOSED, error
    except OSError as error:  # no such host, no route, … Last, for all but EOFError above are kinds of OSError
        code, problem = OTHER, error
    sys.stdout.buffer.write(received)
    if problem:
        print("client:", problem, file=sys.stderr)
    sys.exit(code)  # 0 only if every byte is back: success is what the calling program believes


main()
