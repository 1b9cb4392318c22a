package main

import (
	"bytes"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/examples/real"
)

// What is seen is told without what differs from run to run.
func TestSeen(t *testing.T) {
	for said, want := range map[string]string{
		"success reported": "success",
		"success reported, but what it received is wrong: truncated at 500 of 1000 bytes":                     "success, but truncated at 500 of 1000 bytes",
		"exchange 1: success after 503ms: it waited longer than it promises":                                  "exchange 1: success after 0.5 s",
		"the client reported a timeout after 1.003s: exit code 10: status 200":                                "a timeout after 1 s: status 200",
		"the client reported an error of no known kind after 2.7ms: status 103":                               "an error of no known kind: status 103",
		"the client reported an error of no known kind after 501ms: exit code 1: fopen(http://127.0.0.1:1/0)": "an error of no known kind after 0.5 s",
		"exchange 2: the client reported an early end after 400µs: http.client.RemoteDisconnected: Remote":    "exchange 2: an early end",
		"its client got an early end after 21ms: connection \"client\": expect message 1":                     "an early end",
		"timeout after 2.006s": "timeout after 2 s",
		"ok after 1.845s":      "success after 2 s",
		"2 of them":            "2 of them",
		"51 MiB more":          "more than that",
		"still waiting when the guard ended it: killed: it was still running": "still waiting after 6 s",
	} {
		got := seen(reports.Result{Elapsed: 6073 * time.Millisecond, Finding: &reports.Finding{Seen: said}})
		NewWithT(t).Expect(got).To(Equal(want), said)
	}
}

func TestAnchorsAreGitHubs(t *testing.T) {
	g := NewWithT(t)
	g.Expect(anchor("Ruby Net::HTTP, client, http over TLS")).To(Equal("ruby-nethttp-client-http-over-tls"))
	g.Expect(anchor("openssl s_server -WWW, server, http over TLS")).To(Equal("openssl-s_server--www-server-http-over-tls"))
}

// A page of one program, with and without TLS: it fails a case in both, one at times, and one that nobody knows of.
func TestThePage(t *testing.T) {
	g := NewWithT(t)
	result := func(verdict reports.Verdict, id, reason string) reports.Result {
		return reports.Result{Verdict: verdict, Reason: reason, Finding: &reports.Finding{Expected: "an error", Seen: "success reported"},
			Case: reports.Case{ID: id, Title: "notices", Level: "must", Basis: "norm", Clause: `RFC 9112: §6.3, item 1: "words"`}}
	}
	program := func(name string, secure bool) real.Program {
		return real.Program{Title: "fetcher", Version: "1.2", Config: "targets/examples/real/x.yaml", Target: targets.Target{
			Name: name, Role: targets.ClientRole, Protocol: fixtures.HTTPProtocol, TLS: secure,
			KnownFailures: map[string]targets.Known{"http.race.*": {Reason: "two things race"}},
		}}
	}
	tried := []trial{
		{program("fetcher", false), &reports.Run{Results: []reports.Result{
			result(reports.XFail, "http.body.cut[at=1]", "it does not count"),
			result(reports.XFail, "http.race.won", "two things race"),
			result(reports.Pass, "http.body.whole", ""),
			result(reports.Skip, "http.body.gzip", "void: the client does not accept gzip"),
		}}},
		{program("fetcher-tls", true), &reports.Run{Results: []reports.Result{
			result(reports.XFail, "http.body.cut[at=1]", "it does not count"),
			result(reports.Fail, "tls.end.reset", ""),
		}}},
		{real.Program{Title: "absent", Target: targets.Target{Name: "absent", Role: targets.ServerRole, Protocol: fixtures.HTTPProtocol}}, nil},
	}
	var page bytes.Buffer
	write(&page, tried)
	for _, text := range []string{
		"1 programs in 3 trials: 1 requirements kept, 2 MUST and 0 SHOULD not kept, 2 at times.",
		"| [fetcher](#fetcher-client-http) | 1.2 | client, http | 1 | 1 |  | 1 | 1 |",
		"| absent | not installed | server, http |",
		"| notices<br>`http.body.cut` | MUST | RFC 9112 §6.3 | fetcher |",
		"*Why:* it does not count.",
		"| `http.body.cut[at=1]` | MUST | RFC 9112 §6.3 | an error | success |",
		"*At times* `http.race.won`. *Why:* two things race.",
		"faultwire run --config targets/examples/real/x.yaml --target fetcher --run 'http.body.cut[at=1]' --seed 1\n",
		"As without TLS: `http.body.cut[at=1]`.",
		"**Not known:** `tls.end.reset`: fail: expected an error, seen success reported",
		"| it does not ask for gzip | fetcher 1 |",
	} {
		g.Expect(page.String()).To(ContainSubstring(text), page.String())
	}
	g.Expect(surprises(tried)).To(Equal(1))
}
