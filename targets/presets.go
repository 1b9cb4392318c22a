package targets

import (
	"maps"
	"regexp"
	"slices"

	"github.com/faultwire/faultwire/fixtures"
)

// Preset returns the classifier for programs of a kind: "curl", "wget", "python", "go", "node" or "java"; false if there is
// none of that name.
func Preset(name string) (*Classifier, bool) {
	c, ok := presets[name]
	return c, ok
}

// PresetNames are the names [Preset] knows, sorted.
func PresetNames() []string { return slices.Sorted(maps.Keys(presets)) }

// presets are what the programs' manuals and the languages' libraries document; nothing writes to them.
var presets = map[string]*Classifier{
	"curl": { // curl(1), EXIT CODES
		Stderr: []Pattern{
			says(fixtures.Timeout, `(?i)timed out|timeout was reached`),
			says(fixtures.Refused, `Connection refused`),
			says(fixtures.Reset, `Connection reset by peer|Broken pipe|Connection was reset`),
			says(fixtures.Closed, `Empty reply from server|bytes missing|transfer closed with`),
			says(fixtures.Malformed, `in chunked-encoding|chunk hex-length|invalid chunk size`), // its exit code is that of a failed receive
		},
		Exits: map[int]fixtures.Outcome{
			1: fixtures.Malformed, 7: fixtures.Refused, 8: fixtures.Malformed, 16: fixtures.Malformed, 18: fixtures.Closed,
			28: fixtures.Timeout, 52: fixtures.Closed, 55: fixtures.Reset, 56: fixtures.Reset, 61: fixtures.Malformed,
			92: fixtures.Malformed,
		},
	},
	"wget": { // wget(1), EXIT STATUS
		Stderr: []Pattern{
			says(fixtures.Timeout, `timed out`),
			says(fixtures.Refused, `Connection refused`),
			says(fixtures.Reset, `Connection reset by peer|Broken pipe`),
			says(fixtures.Closed, `No data received|Connection closed at byte|Read error at byte`),
		},
		Exits: map[int]fixtures.Outcome{7: fixtures.Malformed},
	},
	"python": { // the last line of a traceback; docs.python.org, Built-in Exceptions: OSError
		Stderr: []Pattern{
			says(fixtures.Timeout, exception(`TimeoutError|timeout|ReadTimeout|ConnectTimeout|BlockingIOError`)+`|timed out`),
			says(fixtures.Refused, exception(`ConnectionRefusedError`)+`|Connection refused`),
			says(fixtures.Reset, exception(`ConnectionResetError|BrokenPipeError|ConnectionAbortedError`)+
				`|ConnectionResetError\(|BrokenPipeError\(|Connection reset by peer|Broken pipe`),
			says(fixtures.Closed, exception(`EOFError|IncompleteReadError|IncompleteRead|RemoteDisconnected`)+
				`|RemoteDisconnected\(|IncompleteRead\(`),
			says(fixtures.Malformed, exception(`BadStatusLine|JSONDecodeError|UnicodeDecodeError|struct\.error`)),
		},
	},
	"go": { // net.Error, os.ErrDeadlineExceeded, syscall.Errno, as fmt prints them
		Stderr: []Pattern{
			says(fixtures.Timeout, `i/o timeout|deadline exceeded|Client\.Timeout|connection timed out`),
			says(fixtures.Refused, `connection refused`),
			says(fixtures.Reset, `connection reset by peer|broken pipe|connection aborted|forcibly closed`),
			says(fixtures.Closed, `\bEOF\b`),
			says(fixtures.Malformed, `malformed HTTP`),
		},
	},
	"node": { // nodejs.org, Errors: Common system errors
		Stderr: []Pattern{
			// Node gives its "socket hang up", an orderly end, the code ECONNRESET: take the two as one.
			says(fixtures.Closed, `socket hang up(?s:.*?ECONNRESET)?|ERR_STREAM_PREMATURE_CLOSE|other side closed`),
			says(fixtures.Timeout, `ETIMEDOUT|ESOCKETTIMEDOUT|TimeoutError|ERR_SOCKET_CONNECTION_TIMEOUT|UND_ERR_\w*TIMEOUT`),
			says(fixtures.Refused, `ECONNREFUSED`),
			says(fixtures.Reset, `ECONNRESET|EPIPE|ECONNABORTED`),
			says(fixtures.Malformed, `HPE_[A-Z_]+`),
		},
	},
	"java": { // the messages of java.net and java.io
		Stderr: []Pattern{
			says(fixtures.Timeout, `\w*TimeoutException|timed out`),
			says(fixtures.Refused, `Connection refused`),
			says(fixtures.Reset, `Connection reset|Broken pipe|Software caused connection abort|Error writing (?:request body )?to server`),
			says(fixtures.Closed, `EOFException|Unexpected end of file|Premature EOF|received no bytes`),
		},
	},
}

func says(o fixtures.Outcome, text string) Pattern { return Pattern{regexp.MustCompile(text), o} }

// exception matches the line a Python traceback ends with, not the lines of source in it.
func exception(names string) string { return `(?m:^[ |]*(?:\w+\.)*(?:` + names + `)(?::|\s*$))` }
