package suites

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// spoken is the first that went each way between client and server in the control.
func spoken(o cases.Observation) (asked, answered []byte) {
	for _, c := range o.Trace.Conns {
		if len(c.Upstream.Head)+len(c.Downstream.Head) > 0 {
			return c.Upstream.Head, c.Downstream.Head
		}
	}
	return nil, nil
}

// mistrusts are the words of OpenSSL, Go, Node and Java, and of curl, for a certificate that they do not trust.
var mistrusts = regexp.MustCompile(`(?i)certificate.verify.failed|unable to get local issuer|unknown authority|SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET)|` +
	`PKIX path building|self.signed certificate|certificate problem`)

// misnamed are their words for one that is somebody else's.
var misnamed = regexp.MustCompile(`(?i)hostname mismatch|is not valid for|certificate is valid for|ALTNAME_INVALID|subject alternative|does not match target host`)

// explainTLS says what the shape of a failed control suggests as far as that is about TLS; empty if it is not.
func explainTLS(t *targets.Target, o cases.Observation) string {
	asked, answered := spoken(o)
	client := t.Role != targets.ServerRole
	switch said := complaint(o); {
	case !t.TLS && client && isTLS(asked):
		return "The program begins a TLS handshake, and there is no TLS here. Say --tls (tls: true), or let it connect without."
	case !t.TLS && !client && isTLS(answered):
		return "The server answers in TLS. Say --tls (tls: true), or let it listen without."
	case !t.TLS:
		return ""
	case client && len(asked) > 0 && !isTLS(asked):
		return fmt.Sprintf("The program speaks without TLS: it sent %s where a handshake was due. Let it connect by TLS (with "+
			"http, {url} begins with https://), or leave out --tls.",
			quote(asked))
	case client && misnamed.MatchString(said):
		return "The program wants a certificate of another name. This one is for localhost and 127.0.0.1: verify it against " +
			"{host}, which is where it connects to."
	case client && mistrusts.MatchString(said):
		return "The program does not trust the certificate, which is made for this run. What to trust is in the file {ca_file}, " +
			"or FAULTWIRE_CA_FILE: " +
			"ssl.create_default_context(cafile=…) in Python, RootCAs in Go, ca: in Node, a trust store of it in Java, --cacert with curl."
	case !client && len(answered) > 0 && (!isTLS(answered) || bytes.HasPrefix(asked, answered)):
		return "The server answers without TLS. Let it show the certificate {cert_file}, whose key is {key_file}, or leave out --tls."
	}
	return ""
}

// isTLS reports whether the bytes begin with a record of TLS: an alert or a part of the handshake.
func isTLS(b []byte) bool { return len(b) > 2 && (b[0] == 0x15 || b[0] == 0x16) && b[1] == 3 }

// complaint is what the target said of what went wrong.
func complaint(o cases.Observation) string {
	if o.Process == nil {
		return o.Detail
	}
	return o.Detail + "\n" + string(o.Process.Stderr)
}

var (
	requestLine = regexp.MustCompile(`^[A-Z]+ (\S+) HTTP/1\.[01]\r?\n`)
	status      = regexp.MustCompile(`the status is (\d+), not`)
	location    = regexp.MustCompile(`(?im)^location: *(\S+)`)
)

// explainHTTP says what the shape of a failed control suggests of a target that speaks HTTP; empty if nothing.
func explainHTTP(t *targets.Target, o cases.Observation) string {
	asked, answered := spoken(o)
	if t.TLS { // what went over the wire is not to be read
		asked, answered = nil, nil
	}
	if t.Role == targets.ServerRole {
		return explainPage(t, o, answered)
	}
	_, path := controlCase.Exchange.Messages[0].HTTP.Asks(0)
	line := requestLine.FindSubmatch(asked)
	switch {
	case len(o.Trace.Conns) == 0:
		return "The program never connected. It must ask for {url}: put that among its arguments, or read FAULTWIRE_URL."
	case !t.TLS && len(asked) == 0:
		return "The program connected but sent no request. It asks for {url} by GET; what stdin holds is for a POST alone."
	case !t.TLS && line == nil:
		return fmt.Sprintf("What the program sent is no request of HTTP/1.1: %s. That begins with a line such as GET %s "+
			"HTTP/1.1, which ends, as each line does, with CR LF.",
			quote(asked), path)
	case !t.TLS && !bytes.Contains(asked, []byte("\r\n\r\n")) && !bytes.Contains(asked, []byte("\n\n")):
		return `The request has no end: its header ends with an empty line, "\r\n\r\n".`
	case !t.TLS && string(line[1]) != path && !strings.HasSuffix(string(line[1]), path):
		return fmt.Sprintf("The program asked for %s, and the page is at %s. Let it ask for {url} as that is.", quote(line[1]), path)
	case o.Outcome == fixtures.OK && (bytes.HasPrefix(o.Heard, []byte("HTTP/1.")) || bytes.HasPrefix(o.Heard, []byte("b'HTTP/1."))):
		return `The program printed the status line and the header, too. To stdout goes the content alone, which stands behind the first empty line, "\r\n\r\n".`
	case o.Outcome == fixtures.Hang:
		return "The program did not end by itself. In HTTP/1.1 the connection stays open behind the reply: read as many bytes " +
			"as Content-Length says, then close and exit."
	}
	return explain(o)
}

// explainPage is explainHTTP for servers.
func explainPage(t *targets.Target, o cases.Observation, answered []byte) string {
	path := cmp.Or(t.Path, "/")
	code := ""
	if found := status.FindStringSubmatch(o.Detail); found != nil {
		code = found[1]
	}
	switch {
	case strings.HasPrefix(code, "3"):
		to := "elsewhere"
		if where := location.FindSubmatch(answered); where != nil {
			to = "to " + quote(where[1])
		}
		return fmt.Sprintf("The server sends a client who asks for %s on %s. Name a page that is there: --path, or path: in "+
			"faultwire.yaml.", path, to)
	case code == "404":
		return fmt.Sprintf("The server has no page at %s. Name one that it has: --path, or path: in faultwire.yaml.", path)
	case code == "401" || code == "403" || code == "407":
		return fmt.Sprintf("The server gives %s not to everybody: the status is %s. Name a page that needs no login: --path, or "+
			"path: in faultwire.yaml.", path, code)
	case o.Behind != nil && len(o.Behind.Trace.Conns) == 0:
		return "The gateway never connected to the server behind it. It must ask the one at {origin_addr} for what it is asked for."
	case strings.HasPrefix(code, "5"):
		return fmt.Sprintf("The server says that it failed itself: the status is %s. What it wrote to stderr may say why.", code)
	case o.Outcome == fixtures.Malformed && len(answered) > 0:
		return fmt.Sprintf("What the server answered is no HTTP/1.1: %s. Is it another --protocol that it speaks, echo for "+
			"one?", quote(answered))
	case o.Outcome == fixtures.Timeout && len(answered) == 0:
		return "The server took the request but answered nothing within the time. A GET ends with the empty line behind its " +
			"header; the client's end does not come first."
	case o.Outcome == fixtures.Timeout:
		return "The reply has no end: say Content-Length, or chunked, or close the connection behind it."
	case (o.Outcome == fixtures.Closed || o.Outcome == fixtures.Reset) && o.Received == 0 && !t.TLS:
		return "The server ended the connection without an answer. If it speaks TLS, say --tls (tls: true)."
	case o.Outcome == fixtures.Refused:
		return explainServer(o)
	}
	return ""
}

// quote shows the beginning of what was said.
func quote(b []byte) string {
	const most = 60
	if len(b) > most {
		return fmt.Sprintf("%q…", b[:most])
	}
	return fmt.Sprintf("%q", b)
}
