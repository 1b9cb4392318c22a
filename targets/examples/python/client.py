"""A sound TCP client for three protocols, made to be copied: client_3_sound.py, and messages that say where they end. It
sends what it reads from stdin, waits for the same message to come back, and writes it to stdout."""

import argparse
import os
import select
import socket
import sys
import time

COMPLETE, OTHER, TIMEOUT, RESET, CLOSED, REFUSED, CORRUPT, MALFORMED, UNSUPPORTED = 0, 1, 10, 11, 12, 13, 14, 15, 89
LIMIT = 16 << 20  # the longest message; a longer one is a mistake or an attack


class Malformed(Exception):
    pass


def encode(protocol, message):
    """The message as it travels: with what tells the other side where it ends."""
    if protocol == "framed":
        return len(message).to_bytes(4, "big") + message
    return message + b"\n" if protocol == "line" else message


def wanted(protocol, received, before, sent):
    """How many bytes the reply has, as far as those that are here can tell: if there are fewer, it is not complete.
    before is how many there were when this was asked last."""
    if protocol == "framed":
        if len(received) < 4:
            return 4  # even the length may come in parts
        length = int.from_bytes(received[:4], "big")
        if length > LIMIT:  # a stranger's claim: no memory and no waiting for it
            raise Malformed("the reply claims to be %d bytes long" % length)
        return 4 + length
    if protocol == "line":
        end = received.find(b"\n", before)  # a line of text is bytes until an LF; a CR is one of them
        line = end if end >= 0 else len(received)
        if line > LIMIT:
            raise Malformed("the reply is a line without end")
        return line + 1
    return sent  # an echo is complete when as much is back as was sent


def exchange(address, protocol, message, received, timeout):
    """Send the message and append the reply to received; the caller keeps what came even if this ends in an error."""
    # Two deadlines. timeout bounds each wait, but a peer that drips a byte now and then would renew it for ever,
    # so this one bounds the whole. monotonic() never jumps; time() does when somebody sets the clock.
    end = time.monotonic() + 4 * timeout
    with socket.create_connection(address, timeout) as sock:  # without a timeout: minutes, if nobody answers
        unsent = memoryview(encode(protocol, message))  # so that unsent[n:] below copies nothing
        was_reset = False
        need = wanted(protocol, received, 0, len(message))
        # TCP is a stream without message boundaries: one recv() may bring any part of the reply. Count the bytes.
        while len(received) < need:
            patience = min(timeout, end - time.monotonic())  # a fresh one for each wait
            if patience <= 0:
                raise TimeoutError("the whole exchange took too long")
            # Read while sending: a peer that answers at once stops reading when nobody takes its answer, and a client
            # that only sends would then wait for a peer that waits for the client.
            readable, writable, _ = select.select([sock], [sock] if unsent else [], [], patience)
            if readable:
                data = sock.recv(65536)
                if data:
                    received += data
                    need = wanted(protocol, received, len(received) - len(data), len(message))
                elif was_reset:
                    raise ConnectionResetError("connection reset while sending")
                else:  # an empty recv() is how an orderly close looks; it raises nothing
                    raise EOFError("the peer closed before the whole reply was here")
            elif writable:
                try:
                    unsent = unsent[sock.send(unsent):]  # send() may take a part only
                except ConnectionError:  # said once: recv() will still give what came before, then b""
                    unsent, was_reset = b"", True
            elif patience == timeout:  # a shorter wait was the whole's last, as the next round finds
                raise TimeoutError("nothing came and nothing went for %g s" % timeout)
    if received != encode(protocol, message):
        raise ValueError("the reply is not what was sent")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("host")
    arguments.add_argument("port", type=int)
    arguments.add_argument("--protocol", choices=["echo", "framed", "line"], default="echo")
    arguments.add_argument("--timeout-ms", type=float, default=os.environ.get("FAULTWIRE_TIMEOUT_MS") or 500)
    args = arguments.parse_args()

    message, received = sys.stdin.buffer.read(), bytearray()
    if args.protocol != "echo" and len(message) > LIMIT or args.protocol == "line" and b"\n" in message:
        print("client: too long a message, or a line of several lines", file=sys.stderr)
        sys.exit(UNSUPPORTED)
    code, problem = COMPLETE, ""
    try:
        exchange((args.host, args.port), args.protocol, message, received, args.timeout_ms / 1000)
    except TimeoutError as error:
        code, problem = TIMEOUT, error
    except ConnectionRefusedError as error:
        code, problem = REFUSED, error
    except ConnectionError as error:  # every other kind: reset, broken pipe, aborted
        code, problem = RESET, error
    except EOFError as error:
        code, problem = CLOSED, error
    except ValueError as error:
        code, problem = CORRUPT, error
    except Malformed as error:
        code, problem = MALFORMED, error
    except OSError as error:  # no such host, no route, … Last, for most of those above are kinds of OSError
        code, problem = OTHER, error
    body = received[4:] if args.protocol == "framed" else received
    sys.stdout.buffer.write(body.removesuffix(b"\n") if args.protocol == "line" else body)
    if problem:
        print("client:", problem, file=sys.stderr)
    sys.exit(code)  # 0 only if every byte is back: success is what the calling program believes


main()
