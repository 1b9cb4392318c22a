package suites

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// What a control looks like that fails for a usual reason, and what is said of it.
func TestAFailedControlIsExplained(t *testing.T) {
	const hello = "\x16\x03\x01\x02\x00\x01\x00"
	const (
		client, server = targets.ClientRole, targets.ServerRole
		echo, http     = fixtures.EchoProtocol, fixtures.HTTPProtocol
		plain, tls     = false, true
	)
	get := "GET /0 HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, c := range []struct {
		role            targets.Role
		secure          bool
		protocol        fixtures.Protocol
		asked, answered string
		outcome         fixtures.Outcome
		detail, heard   string
		says            string
	}{
		{targets.ClientRole, false, fixtures.EchoProtocol, hello, hello, fixtures.Other, "", "", "begins a TLS handshake, and there is no TLS here"},
		{targets.ClientRole, false, fixtures.HTTPProtocol, hello, "", fixtures.Other, "", "", "begins a TLS handshake"},
		{targets.ServerRole, false, fixtures.HTTPProtocol, get, "\x15\x03\x01\x00\x02", fixtures.Malformed, "", "", "The server answers in TLS"},
		{targets.ClientRole, true, fixtures.HTTPProtocol, get, "", fixtures.Other, "", "", `speaks without TLS: it sent "GET /0 HTTP/1.1`},
		{targets.ClientRole, true, fixtures.EchoProtocol, hello, hello, fixtures.Other,
			"exit code 1: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate", "", "{ca_file}"},
		{targets.ClientRole, true, fixtures.HTTPProtocol, hello, hello, fixtures.Other, "x509: certificate signed by unknown authority", "", "{ca_file}"},
		{targets.ClientRole, true, fixtures.HTTPProtocol, hello, hello, fixtures.Other, "curl: (60) SSL certificate problem: unable to get local issuer certificate", "", "{ca_file}"},
		{targets.ClientRole, true, fixtures.EchoProtocol, hello, hello, fixtures.Other, "PKIX path building failed", "", "{ca_file}"},
		{targets.ClientRole, true, fixtures.EchoProtocol, hello, hello, fixtures.Other,
			"certificate verify failed: Hostname mismatch, certificate is not valid for 'example.org'", "", "verify it against {host}"},
		{targets.ServerRole, true, fixtures.HTTPProtocol, hello, "HTTP/1.0 400 Bad Request\r\n", fixtures.Other, "", "", "answers without TLS"},
		{targets.ServerRole, true, fixtures.EchoProtocol, hello, hello, fixtures.Other, "", "", "answers without TLS"},
		{targets.ClientRole, false, fixtures.HTTPProtocol, "", "", fixtures.Other, "", "", "sent no request"},
		{targets.ClientRole, false, fixtures.HTTPProtocol, "Hello, world", "", fixtures.Other, "", "", "is no request of HTTP/1.1"},
		{targets.ClientRole, false, fixtures.HTTPProtocol, "GET /0 HTTP/1.1\r\nHost: x\r\n", "", fixtures.Timeout, "", "", "The request has no end"},
		{targets.ClientRole, false, fixtures.HTTPProtocol, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n", "", fixtures.Other, "", "", `asked for "/other"`},
		{targets.ClientRole, false, fixtures.HTTPProtocol, get, "HTTP/1.1 200 OK", fixtures.OK, "", "HTTP/1.1 200 OK", "printed the status line"},
		{targets.ClientRole, true, fixtures.HTTPProtocol, hello, hello, fixtures.OK, "", "HTTP/1.1 200 OK", "printed the status line"},
		{targets.ClientRole, false, fixtures.HTTPProtocol, get, "HTTP/1.1 200 OK", fixtures.Hang, "", "", "as many bytes as Content-Length says"},
		{targets.ServerRole, false, fixtures.HTTPProtocol, get, "HTTP/1.1 404 …", fixtures.Corrupt, "the status is 404, not 200", "HTTP/1.1 404 …", "no page at /"},
		{targets.ServerRole, false, fixtures.HTTPProtocol, get, "HTTP/1.1 301 …\r\nLocation: /other\r\n\r\n", fixtures.Corrupt, "the status is 301, not 200", "", `on to "/other"`},
		{targets.ServerRole, false, fixtures.HTTPProtocol, get, "HTTP/1.1 401 …", fixtures.Corrupt, "the status is 401, not 200", "", "needs no login"},
		{targets.ServerRole, false, fixtures.HTTPProtocol, get, "HTTP/1.1 500 …", fixtures.Corrupt, "the status is 500, not 200", "", "failed itself"},
		{targets.ServerRole, false, fixtures.HTTPProtocol, get, "hello", fixtures.Malformed, "", "hello", `is no HTTP/1.1: "hello"`},
		{targets.ServerRole, false, fixtures.HTTPProtocol, get, "", fixtures.Timeout, "", "", "answered nothing within the time"},
		{targets.ServerRole, false, fixtures.HTTPProtocol, get, "HTTP/1.1 200 OK\r\n\r\nx", fixtures.Timeout, "", "", "The reply has no end"},
		{targets.ServerRole, false, fixtures.HTTPProtocol, get, "", fixtures.Reset, "", "", "If it speaks TLS, say --tls"},
		{targets.ServerRole, false, fixtures.EchoProtocol, "13 bytes", "", fixtures.Closed, "", "", "If it speaks TLS, say --tls"},
		{targets.ServerRole, false, fixtures.EchoProtocol, "13 bytes", "hello", fixtures.Corrupt, "", "hello", "a fixed reply"},
	} {
		under := &targets.Target{Role: c.role, Protocol: c.protocol, TLS: c.secure}
		conn := proxy.ConnTrace{N: 1}
		conn.Upstream.Head, conn.Upstream.In = []byte(c.asked), int64(len(c.asked))
		conn.Downstream.Head, conn.Downstream.In = []byte(c.answered), int64(len(c.answered))
		o := cases.Observation{Role: c.role, Outcome: c.outcome, Detail: c.detail, Heard: []byte(c.heard), Received: int64(len(c.answered)),
			Trace: proxy.Trace{Conns: []proxy.ConnTrace{conn}}}
		NewWithT(t).Expect(explainTo(under, o)).To(ContainSubstring(c.says), "%+v", c)
	}
	silent := cases.Observation{Role: client}
	NewWithT(t).Expect(explainTo(&targets.Target{Role: client, Protocol: http}, silent)).To(ContainSubstring("{url}"))
}
