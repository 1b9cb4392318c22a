package reports_test

import (
	"strings"
	"time"

	"github.com/faultwire/faultwire/reports"
)

const stallFix = `Go      conn.SetReadDeadline(time.Now().Add(d)) before every Read
Python  sock.settimeout(d); recv() then raises TimeoutError
Node    socket.setTimeout(ms), and destroy the socket in the 'timeout' event, which by itself closes nothing at all
Java    socket.setSoTimeout(ms)`

func stall(at string) reports.Case {
	return reports.Case{
		ID: "tcp.timeout.stall-mid-message[at=" + at + "]", Theme: "timeout", Level: "must", Role: "client",
		Title: "reports a timeout when the peer falls silent inside a message",
		Basis: "norm", Clause: "POSIX recv, EAGAIN/EWOULDBLOCK",
		Why: "A server that dies inside a reply often leaves the connection open. A client that trusts the rest to come " +
			"waits for ever, and so does everyone who waits for it.",
		Fix:    stallFix,
		Faults: []string{"delivers " + at + " bytes of the reply, then falls silent and keeps the connection open"},
		File:   "suites/timeout/stall.go", Line: 31,
	}
}

// rich is a run with a bit of everything.
func rich() *reports.Run {
	run := "faultwire run --client 'python3 client.py {host} {port}' --protocol echo --read-timeout 500ms --run "
	return &reports.Run{
		Schema: reports.SchemaVersion, Tool: "faultwire 0.1.0", Catalogue: "1", Seed: 42, Scale: 1,
		Command: []string{"faultwire", "run"},
		Host:    reports.Host{Name: "build-7", OS: "linux", Arch: "amd64", Kernel: "6.1.0", CPUs: 2, Go: "go1.26"},
		Started: time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC), Took: 4217 * time.Millisecond,
		Targets: []reports.Target{
			{Name: "my.client", Role: "client", Protocol: "echo", How: "python3 client.py {host} {port}",
				Promises: map[string]string{"read": "500ms"}, Undeclared: []string{"write", "total"},
				Control: &reports.Result{Target: "my.client", Verdict: reports.Pass}},
			{Name: "greeter", Role: "server", Protocol: "echo", How: "python3 server.py {port}",
				Control: &reports.Result{
					Target: "greeter", Verdict: reports.Fail,
					Case: reports.Case{ID: "control", Title: "echoes 13 bytes", Level: "must", Basis: "practice", Clause: "never lie",
						Why: "What fails without a fault tells nothing under one.",
						Fix: "Python  conn.sendall(data)   # what recv() returned, instead of the greeting"},
					Finding: &reports.Finding{Promise: "never lie", Expected: "the 13 bytes that were sent",
						Seen: `"Hello, client!"`, Advice: "The server answers with a text of its own, whatever it is sent. An echo server sends back what it received."},
					Took: 12 * time.Millisecond, Replay: "faultwire run --server 'python3 server.py {port}' --run tcp.connect.close-storm",
				}},
		},
		Results: []reports.Result{
			{Target: "my.client", Verdict: reports.Pass, Took: 31 * time.Millisecond, Retaken: 1,
				Case: reports.Case{ID: "tcp.connect.refused", Title: "says so when nobody listens", Theme: "connect", Level: "must",
					Basis: "norm", Clause: "POSIX connect, ECONNREFUSED", Why: "…", Fix: "…"}},
			{Target: "my.client", Verdict: reports.Fail, Case: stall("1"), Took: 1632 * time.Millisecond, Elapsed: 1600 * time.Millisecond,
				Finding: &reports.Finding{Promise: "never hang", Expected: "a timeout between 475 ms and 850 ms (the read deadline is 500 ms)",
					Seen: "still waiting after 1.6 s, when Faultwire ended it", Advice: "No deadline seems to be set on the socket: the first read already waits for ever."},
				Replay:      run + "'tcp.timeout.stall-mid-message[at=1]'",
				Observation: map[string]any{"outcome": "hang", "bytes": 1},
				Attachments: map[string][]byte{
					"stdout": []byte("x"), "trace.jsonl": []byte("{}\n"),
					"stderr": []byte("Traceback (most recent call last):\r\n  File \"client.py\", line 9, in <module>\n    data = sock.recv(1024)\nKeyboardInterrupt\x1b[2J\n"),
				}},
			{Target: "my.client", Verdict: reports.Fail, Case: stall("512"), Took: 1611 * time.Millisecond,
				Finding: &reports.Finding{Promise: "never hang", Expected: "a timeout between 475 ms and 850 ms (the read deadline is 500 ms)",
					Seen: "still waiting after 1.6 s, when Faultwire ended it"},
				Note: "not distinguished: the target does not say how an exchange ended", Replay: run + "'tcp.timeout.stall-mid-message[at=512]'"},
			{Target: "my.client", Verdict: reports.Warn, Took: 812 * time.Millisecond,
				Case: reports.Case{ID: "tcp.disconnect.late-fin", Title: "does not wait for a late FIN", Theme: "disconnect", Level: "should",
					Basis: "practice", Clause: "never hang", Why: "…", Fix: "…"},
				Finding: &reports.Finding{Promise: "never hang", Expected: "success as soon as the reply is complete, within 300 ms of its last byte",
					Seen: "success, 500 ms after the last byte of the reply"}},
			{Target: "my.client", Verdict: reports.Skip, Reason: "needs the total deadline, which is not declared", Case: reports.Case{ID: "tcp.timeout.drip", Title: "ends a drip", Theme: "timeout", Level: "must", Basis: "practice", Clause: "never hang"}},
			{Target: "my.client", Verdict: reports.Skip, Reason: "needs the total deadline, which is not declared", Case: reports.Case{ID: "tcp.bandwidth.slower-than-total", Title: "gives up on a slow link", Theme: "bandwidth", Level: "must", Basis: "practice", Clause: "never hang"}},
			{Target: "my.client", Verdict: reports.Skip, Reason: "never fired: the target sent 312 of 512 bytes", Case: reports.Case{ID: "tcp.reassembly.split[at=512]", Title: "takes a message in two parts", Theme: "reassembly", Level: "must", Basis: "norm", Clause: "RFC 9293 §2.2"}},
			{Target: "my.client", Verdict: reports.XFail, Reason: "no retries yet, #12", Case: reports.Case{ID: "tcp.connect.reset-on-accept", Title: "says so when it is reset at once", Theme: "connect", Level: "must", Basis: "practice", Clause: "say what happened"}},
			{Target: "my.client", Verdict: reports.Error, Reason: "machine too busy: the witness was late three times", Case: reports.Case{ID: "tcp.timeout.black-hole", Title: "times out in a black hole", Theme: "timeout", Level: "must", Basis: "norm", Clause: "POSIX recv"}, Replay: run + "tcp.timeout.black-hole"},
			{Target: "greeter", Verdict: reports.Skip, Reason: "blocked: the control exchange failed", Case: reports.Case{ID: "tcp.connect.close-storm", Title: "survives a port scan", Theme: "connect", Level: "must", Basis: "practice", Clause: "recover and contain"}},
			{Target: "greeter", Verdict: reports.Skip, Reason: "blocked: the control exchange failed", Case: reports.Case{ID: "tcp.connect.reset-storm", Title: "survives resets in the accept queue", Theme: "connect", Level: "must", Basis: "norm", Clause: "POSIX accept, ECONNABORTED"}},
		},
	}
}

// sound is a run in which all went well.
func sound() *reports.Run {
	run := rich()
	run.SelfTest = true
	run.Targets, run.Results = run.Targets[:1], run.Results[:1]
	return run
}

// hostile is a run whose every text is an attack.
func hostile() *reports.Run {
	evil := "]]></failure><x a=\"&\">\x00\x1b[31m\r\nPASS\x7f\u009b\u202e\ufffe\xff\xc3 ünïcode ✓\n"
	long := strings.Repeat(evil, 20000)
	c := reports.Case{ID: evil, Title: evil, Theme: evil, Level: evil, Basis: evil, Clause: evil, Why: evil, Fix: evil, Faults: []string{evil}, File: evil}
	result := reports.Result{Target: evil, Case: c, Reason: strings.Repeat(evil, 100), Note: evil, Replay: evil,
		Finding:     &reports.Finding{Promise: evil, Expected: evil, Seen: long, Advice: evil},
		Observation: map[string]any{evil: []string{evil}},
		Attachments: map[string][]byte{"stderr": []byte(long), "../../" + evil: []byte(evil)}}
	run := &reports.Run{Tool: "faultwire " + evil, Catalogue: evil, Command: []string{evil}, Host: reports.Host{Name: evil, OS: evil},
		Targets: []reports.Target{{Name: evil, Role: evil, How: evil, Promises: map[string]string{evil: evil}, Undeclared: []string{evil}}}}
	for _, v := range []reports.Verdict{reports.Pass, reports.Fail, reports.Warn, reports.Skip, reports.XFail, reports.Error} {
		result.Verdict = v
		run.Results = append(run.Results, result, result)
	}
	control := result
	control.Verdict = reports.Fail
	run.Targets[0].Control = &control
	return run
}
