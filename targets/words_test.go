package targets

import (
	"regexp"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
)

func TestSplitCommand(t *testing.T) {
	for line, want := range map[string][]string{
		`python3 client.py {host} {port}`: {"python3", "client.py", "{host}", "{port}"},
		"  a \t b\n":                      {"a", "b"},
		`sh -c 'echo "$x" | cat'`:         {"sh", "-c", `echo "$x" | cat`},
		`a "b c" d"e f"g`:                 {"a", "b c", "de fg"},
		`a '' ""`:                         {"a", "", ""},
		`a\ b "\"\\\n" '\'`:               {"a b", `"\\n`, `\`},
		`echo "|" '>' \&`:                 {"echo", "|", ">", "&"},
	} {
		g := NewWithT(t)
		args, err := SplitCommand(line)
		g.Expect(err).NotTo(HaveOccurred(), line)
		g.Expect(args).To(Equal(want), line)
		again, err := SplitCommand(JoinCommand(args))
		g.Expect(err).NotTo(HaveOccurred(), JoinCommand(args))
		g.Expect(again).To(Equal(want), JoinCommand(args))
	}
	for line, says := range map[string]string{
		"":             "empty",
		" \n":          "empty",
		`a 'b`:         "' is not closed",
		`a "b`:         `" is not closed`,
		`a | b`:        "sh -c",
		`a > out 2>&1`: "sh -c",
	} {
		_, err := SplitCommand(line)
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(says)), line)
	}
}

func TestClassify(t *testing.T) {
	preset := func(name string) *Classifier {
		c, ok := Preset(name)
		if !ok {
			t.Fatalf("no preset %q", name)
		}
		return c
	}
	mine := &Classifier{
		Stderr: []Pattern{{regexp.MustCompile("gave up"), fixtures.Timeout}},
		Exits:  map[int]fixtures.Outcome{3: fixtures.Closed, 10: fixtures.Other},
		Base:   preset("python"),
	}
	for _, x := range []struct {
		by     *Classifier
		code   int
		stderr string
		want   fixtures.Outcome
	}{
		{nil, 0, "", fixtures.OK},
		{nil, 12, "ConnectionResetError", fixtures.Closed},
		{nil, 1, "ConnectionResetError", fixtures.Other},

		{preset("curl"), 0, "Connection refused", fixtures.OK},
		{preset("curl"), 7, "curl: (7) Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server", fixtures.Refused},
		{preset("curl"), 28, "curl: (28) Operation timed out after 500 milliseconds with 0 bytes received", fixtures.Timeout},
		{preset("curl"), 28, "", fixtures.Timeout},
		{preset("curl"), 52, "curl: (52) Empty reply from server", fixtures.Closed},
		{preset("curl"), 18, "curl: (18) end of response with 15 bytes missing", fixtures.Closed},
		{preset("curl"), 56, "curl: (56) Recv failure: Connection reset by peer", fixtures.Reset},
		{preset("curl"), 56, "curl: (56) Recv failure: Connection timed out", fixtures.Timeout},
		{preset("curl"), 56, "curl: (56) Illegal or missing hexadecimal sequence in chunked-encoding", fixtures.Malformed},
		{preset("curl"), 56, "curl: (56) Too long hexadecimal number in chunked-encoding", fixtures.Malformed},
		{preset("curl"), 6, "curl: (6) Could not resolve host", fixtures.Other},

		{preset("python"), 1, "Traceback (most recent call last):\n  File \"c.py\", line 3, in <module>\n    raise TimeoutError\nTimeoutError: timed out\n", fixtures.Timeout},
		{preset("python"), 1, "socket.timeout: timed out", fixtures.Timeout},
		{preset("python"), 1, "ConnectionRefusedError: [Errno 111] Connection refused", fixtures.Refused},
		{preset("python"), 1, "ConnectionResetError: [Errno 104] Connection reset by peer", fixtures.Reset},
		{preset("python"), 1, "BrokenPipeError: [Errno 32] Broken pipe", fixtures.Reset},
		{preset("python"), 1, "asyncio.exceptions.IncompleteReadError: 1 bytes read on a total of 4 expected bytes", fixtures.Closed},
		{preset("python"), 1, "EOFError", fixtures.Closed},
		{preset("python"), 1, "requests.exceptions.ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))", fixtures.Reset},
		{preset("python"), 1, "requests.exceptions.ConnectionError: ('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))", fixtures.Closed},
		{preset("python"), 1, "    timeout = 5\nValueError: no", fixtures.Other},
		{preset("python"), 1, "TimeoutError: timed out\n\nDuring handling of the above exception, another exception occurred:\n\nConnectionRefusedError: [Errno 111] Connection refused", fixtures.Refused},

		{preset("go"), 1, "read tcp 127.0.0.1:1->127.0.0.1:2: i/o timeout", fixtures.Timeout},
		{preset("go"), 1, "read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer", fixtures.Reset},
		{preset("go"), 2, "panic: unexpected EOF\n\ngoroutine 1 [running]:\n", fixtures.Closed},
		{preset("node"), 1, "Error: socket hang up\n    at x {\n  code: 'ECONNRESET'\n}", fixtures.Closed},
		{preset("node"), 1, "Error: read ECONNRESET\n    at x {\n  code: 'ECONNRESET'\n}", fixtures.Reset},
		{preset("node"), 1, "Error: connect ECONNREFUSED 127.0.0.1:9", fixtures.Refused},
		{preset("java"), 1, "Exception in thread \"main\" java.net.SocketTimeoutException: Read timed out", fixtures.Timeout},
		{preset("java"), 1, "java.net.SocketException: Connection reset", fixtures.Reset},
		{preset("java"), 1, "java.io.IOException: Error writing to server", fixtures.Reset},
		{preset("wget"), 4, "Connecting to 127.0.0.1:9... failed: Connection refused.", fixtures.Refused},
		{preset("wget"), 4, "Read error (Connection timed out) in headers.", fixtures.Timeout},

		{mine, 3, "", fixtures.Closed},
		{mine, 1, "we gave up", fixtures.Timeout},
		{mine, 10, "", fixtures.Other},
		{mine, 11, "we gave up", fixtures.Reset},
		{mine, 1, "EOFError", fixtures.Closed},
		{mine, 2, "", fixtures.Other},
	} {
		NewWithT(t).Expect(x.by.outcomeOf(x.code, []byte(x.stderr))).To(Equal(x.want), "exit %d: %s", x.code, x.stderr)
	}
}

func TestPlaceholders(t *testing.T) {
	timed := fixtures.Deadlines{Total: 2 * time.Second}
	for _, x := range []struct {
		text string
		role Role
		says string
	}{
		{"{host}:{port} {addr} {url} {size} {timeout_ms} {payload}", ClientRole, ""},
		{"{host}:{port} {addr} {url}", ServerRole, ""},
		{`{"a": {"b": 1}} {{print}} ${HOME} {} {2,3} {Host}`, ClientRole, ""},
		{"{prot}", ClientRole, `did you mean "port"?`},
		{"awk '{print}'", ClientRole, "{{print}}"},
		{"{payload}", ServerRole, "for a server"},
		{"{ca_file}", ClientRole, "tls: true"},
		{"{method}", ClientRole, "http"},
	} {
		err := (&Target{Role: x.role, Command: &Command{}, Promises: timed}).checkPlaceholders(x.text)
		if x.says == "" {
			NewWithT(t).Expect(err).NotTo(HaveOccurred(), x.text)
			continue
		}
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(x.says)), x.text)
	}
	NewWithT(t).Expect((&Target{Role: ClientRole, Command: &Command{}}).checkPlaceholders("{timeout_ms}")).
		To(MatchError(ContainSubstring("timeouts.read")))
}

func TestDidYouMean(t *testing.T) {
	known := []string{"timeouts", "name", "role", "command", "cwd"}
	for word, want := range map[string]string{
		"timeout": "timeouts", "tiemouts": "timeouts", "Role": "role", "comand": "command", "cdw": "cwd", "colour": "", "x": "",
	} {
		said := ""
		if want != "" {
			said = `; did you mean "` + want + `"?`
		}
		NewWithT(t).Expect(didYouMean(word, known)).To(Equal(said), word)
	}
}
