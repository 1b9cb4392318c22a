package suites

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// explainTo says what the shape of the target's failed control suggests. It is what a beginner reads first, so it names the cause
// where the cause is known and says what to do. The observation must still have the heads of its streams.
func explainTo(t *targets.Target, o cases.Observation) string {
	if said := explainTLS(t, o); said != "" {
		return said
	}
	switch t.Protocol {
	case fixtures.UDPProtocol:
		return explainDatagrams(t, o)
	case fixtures.HTTPProtocol:
		return explainHTTP(t, o)
	}
	return explain(o)
}

// controlFix says what the target's control has to come to.
func controlFix(t *targets.Target) string {
	server := t.Role == targets.ServerRole
	switch {
	case t.IsGateway():
		return "Make this one exchange work first: asked by GET, the gateway asks the server at {origin_addr}, passes its reply on as it is, " +
			"and goes on listening."
	case t.Protocol == fixtures.HTTPProtocol && server:
		return "Make this one exchange work first: asked by GET for the page at path:, the server answers 200, with the same " +
			"content each time, and goes on listening."
	case t.Protocol == fixtures.HTTPProtocol:
		return "Make this one exchange work first: the client asks for {url} by GET, the server answers 200 with 13 bytes, the " +
			"client writes these to stdout, without the header, and exits 0."
	case t.Protocol == fixtures.ConversationProtocol:
		return "Make this one exchange work first: what is sent and what comes back is as conversation: says."
	case server:
		return "Make this one exchange work first: the client sends 13 bytes, the server sends the same 13 bytes back and goes " +
			"on listening."
	}
	return controlCase.Fix
}

// ownText is said of a client that passes the control with a text of its own.
const ownText = "it sends a text of its own, and much cannot be tested with that: let it send what stdin holds"

// explain is [explainTo] for streams that come back as they are.
func explain(o cases.Observation) string {
	var stderr []byte
	if o.Process != nil {
		stderr = o.Process.Stderr
	}
	for _, known := range []struct {
		mark, cause string
	}{
		{"a bytes-like object is required, not 'str'", "The program gave a str to the socket, but sockets carry bytes. Write " +
			"b'Hello', or call text.encode() before sending and .decode() after receiving."},
		{"can't concat str to bytes", "The program joined bytes and a str. What a socket returns is bytes: start from b'' and " +
			"decode once, at the end."},
		{"must be str, not bytes", "The program wrote bytes where a str is wanted. Write received bytes to sys.stdout.buffer, " +
			"not to sys.stdout."},
		{"EADDRINUSE", "The address was in use: set SO_REUSEADDR before bind, and listen on the port that {port} gives."},
		{"Address already in use", "The address was in use: set SO_REUSEADDR before bind, and listen on the port that {port} gives."},
	} {
		if bytes.Contains(stderr, []byte(known.mark)) {
			return known.cause
		}
	}
	if o.Role == targets.ServerRole {
		return explainServer(o)
	}
	return explainClient(o)
}

func explainClient(o cases.Observation) string {
	switch {
	case len(o.Trace.Conns) == 0:
		return "The program never connected. It must connect to the address it is given: put {host} and {port} (or {addr}) " +
			"among its arguments, or read FAULTWIRE_HOST and FAULTWIRE_PORT."
	case o.Trace.Conns[0].Upstream.In == 0:
		return "The program connected but sent nothing. It must send what it reads on stdin (or the file {payload})."
	case o.Outcome == fixtures.OK && o.Received == 0:
		return "The program received the reply but printed nothing on stdout. Write the received bytes to stdout (logs belong " +
			"on stderr); if it prints no body by design, say output: none."
	case strings.Contains(o.Damage, "b'…'"):
		return "print() showed the bytes as Python writes them, b'…'. Use sys.stdout.buffer.write(data)."
	case strings.Contains(o.Damage, "newline"):
		return "The program added a line end to what it received. Write the bytes as they are: sys.stdout.buffer.write(data), " +
			"fmt.Print, process.stdout.write."
	case o.Outcome == fixtures.Hang:
		return "The program did not end by itself. One run is one exchange: after the whole reply, 13 bytes here, it closes the " +
			"connection and exits. A server with no framing tells no end of a reply; count the bytes."
	case o.Outcome == fixtures.OK:
		return "stdout must hold the reply's bytes and nothing else; logs and prompts belong on stderr."
	}
	return ""
}

func explainServer(o cases.Observation) string {
	switch {
	case o.Outcome == fixtures.Corrupt && printable(o.Heard) && len(o.Heard) > 0:
		return fmt.Sprintf("The server answered %q whatever it was sent: a fixed reply. An echo server sends back the bytes "+
			"that recv() returned.", o.Heard)
	case o.Outcome == fixtures.Timeout && o.Received == 0:
		return "The server took the connection but answered nothing within the time. Does it wait for the end of the input, or " +
			"for a line end? The first does not come, and the second only where the protocol has one."
	case o.Outcome == fixtures.Closed && o.Received == 0:
		return "The server closed the connection without an answer. If it speaks TLS, say --tls (tls: true)."
	case o.Outcome == fixtures.Refused:
		return "Nobody listened on the address. The server must listen on {host} and {port} and stay in the foreground."
	}
	return ""
}

func printable(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r != '\n' && r != '\r' && (r < ' ' || r == 0xfffd) })
}
