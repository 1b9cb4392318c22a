package reports

import (
	"fmt"
	"time"
)

// SchemaVersion is the version of results.json's form.
const SchemaVersion = 1

// A Verdict is the judgement of one pair (case, target).
type Verdict string

// The verdicts.
const (
	Pass  Verdict = "pass"
	Fail  Verdict = "fail"
	Warn  Verdict = "warn"  // a SHOULD not kept, or a deadline not declared
	Skip  Verdict = "skip"  // not applicable, unsupported, blocked or void; Reason says which
	XFail Verdict = "xfail" // known, with a reason
	Error Verdict = "error" // the harness failed; says nothing about the target
)

// A Run is everything one run found. results.json is this value.
type Run struct {
	Schema      int           `json:"schema"`
	Tool        string        `json:"tool"` // "faultwire <version>"; by its first word a report is known as ours
	Catalogue   string        `json:"catalogue"`
	SelfTest    bool          `json:"self_test"` // no target was given: the reference targets were tested
	Strict      bool          `json:"strict,omitempty"`
	Command     []string      `json:"command,omitempty"`
	Host        Host          `json:"host"`
	Shard       string        `json:"shard,omitempty"` // which part of a run this is, such as 2/8; empty for a whole one
	Seed        uint64        `json:"seed"`
	Scale       float64       `json:"time_scale"`
	Started     time.Time     `json:"started"`
	Took        time.Duration `json:"took_ns"`  // wall time
	Waits       time.Duration `json:"waits_ns"` // what the results' waits add up to: so long it would take one after another, on any machine
	Targets     []Target      `json:"targets"`
	Results     []Result      `json:"results"` // by target, then by case, in the catalogue's order
	Interrupted bool          `json:"interrupted,omitempty"`
	Parts       []Part        `json:"parts,omitempty"` // the runs that this report was merged of; what they do not have in common is left empty above

	Revision string `json:"revision,omitempty"` // of the tool's source, where its build knows it; "+" behind it: with changes
	AsOf     string `json:"as_of,omitempty"`    // the version of the catalogue that was asked for: what is newer only warns
	Evidence string `json:"evidence,omitempty"` // of which results evidence is kept: [EvidenceAll]; empty is [EvidenceFailures]
	JUnit    string `json:"junit,omitempty"`    // the form of junit.xml: [JUnitExtended]; empty is [JUnitPlain]
}

// The results of which evidence is kept.
const (
	EvidenceFailures = "failures" // those that neither passed nor were skipped
	EvidenceAll      = "all"
)

// Host is where the run took place.
type Host struct {
	Name   string `json:"name,omitempty"`
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Kernel string `json:"kernel,omitempty"`
	CPUs   int    `json:"cpus"`
	Go     string `json:"go"`
}

// A Target is one thing under test.
type Target struct {
	Name       string            `json:"name"`
	Role       string            `json:"role"`
	Protocol   string            `json:"protocol"`
	How        string            `json:"how"`                  // "in process", the command line, or the address
	Promises   map[string]string `json:"promises,omitempty"`   // declared deadlines, by name
	Undeclared []string          `json:"undeclared,omitempty"` // deadlines the target does not promise
	Elsewhere  []string          `json:"elsewhere,omitempty"`  // where it connected to past the wire, in the control exchange
	Control    *Result           `json:"control,omitempty"`    // the control exchange: if it failed the target's cases are blocked

	Version string    `json:"version,omitempty"` // what it says of itself in faultwire.yaml
	Files   []Program `json:"files,omitempty"`   // commands: the program, and each argument that is a file
}

// A Program is a file of which a target is made.
type Program struct {
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256,omitempty"` // in lower-case hexadecimal; empty for files beyond 64 MiB and for what cannot be read
}

// A Result is the verdict on one pair and what it rests on.
type Result struct {
	Target      string        `json:"target"`
	Case        Case          `json:"case"`
	Verdict     Verdict       `json:"verdict"`
	Reason      string        `json:"reason,omitempty"`      // skip, xfail, error, warn: why, in one line
	Finding     *Finding      `json:"finding,omitempty"`     // fail, warn
	Note        string        `json:"note,omitempty"`        // what weakens or qualifies the verdict, such as "not distinguished"
	Retaken     int           `json:"retaken,omitempty"`     // observations the witness voided
	Took        time.Duration `json:"took_ns"`               // wall time of the pair
	Waits       time.Duration `json:"waits_ns,omitempty"`    // the delays, silences and deadlines in it that were waited out on purpose
	Elapsed     time.Duration `json:"elapsed_ns,omitempty"`  // of the target on the wire
	Times       *Times        `json:"times,omitempty"`       // what Elapsed is made of; nil where several connections share it
	Seed        *uint64       `json:"seed,omitempty"`        // of this pair's run, where that is not the report's
	Replay      string        `json:"replay,omitempty"`      // the line that runs this pair alone
	New         bool          `json:"new,omitempty"`         // the case is newer than the catalogue asked for: it does not gate
	Observation any           `json:"observation,omitempty"` // the evidence

	// Attachments is evidence too large for results.json, by file name: "stdout", "stderr", "trace.jsonl", "payload.jsonl". It is
	// kept as [Run.Evidence] says; Files says where, relative to results.json and with slashes, and lists what is derived beside it.
	// [Run.WriteFolder] sets Files; reading a report does not load Attachments.
	Attachments map[string][]byte `json:"-"`
	Files       []string          `json:"files,omitempty"`
}

// Times is where the time of an exchange went, as the edge of the wire beside the target saw it: T = Σtᵢ, to the nanosecond.
type Times struct {
	Connect time.Duration `json:"connect_ns"` // until there was a connection
	Send    time.Duration `json:"send_ns"`    // until the last byte of the request
	Wait    time.Duration `json:"wait_ns"`    // until the first byte of the reply behind it
	Receive time.Duration `json:"receive_ns"` // until the last byte of the reply
	End     time.Duration `json:"end_ns"`     // until the exchange was over
}

// Total is T.
func (t *Times) Total() time.Duration { return t.Connect + t.Send + t.Wait + t.Receive + t.End }

// String is the sum, in milliseconds.
func (t *Times) String() string {
	if t == nil {
		return ""
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("connect %.1f + send %.1f + wait %.1f + receive %.1f + end %.1f = %.1f ms",
		ms(t.Connect), ms(t.Send), ms(t.Wait), ms(t.Receive), ms(t.End), ms(t.Total()))
}

// A Case is the requirement a result is about.
type Case struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Theme  string   `json:"theme"`
	Level  string   `json:"level"` // must, should, may
	Role   string   `json:"role"`
	Basis  string   `json:"basis"`  // norm, documented, practice
	Clause string   `json:"clause"` // where the norm or the documentation says it; the promise for practice
	Why    string   `json:"why"`
	Fix    string   `json:"fix"`
	Faults []string `json:"faults,omitempty"` // what the wire did, a sentence each
	Script []string `json:"script,omitempty"` // what the other side did, a sentence each; empty for the plain exchange
	Since  string   `json:"since,omitempty"`  // the catalogue's version that first had it
	File   string   `json:"file,omitempty"`   // of the case's source, relative to the module
	Line   int      `json:"line,omitempty"`
}

// A Finding is one broken promise.
type Finding struct {
	Promise  string `json:"promise"` // one of the five
	Expected string `json:"expected"`
	Seen     string `json:"seen"`
	Advice   string `json:"advice,omitempty"` // a diagnosis from the shape of what was seen
}

// NoPromise stands for the promise in a finding about what is no requirement: a known failure that does not fail.
const NoPromise = "none"

// Stale reports whether the finding is that a known failure does not fail any more.
func (res Result) Stale() bool { return res.Finding != nil && res.Finding.Promise == NoPromise }

// NotRun is why a pair is skipped that was not begun in the time that the run was given.
const NotRun = "not run: --max-time"

// Gates reports whether the result makes the run nonconformant.
func (res Result) Gates(strict bool) bool {
	switch res.Verdict {
	case Fail:
		return true
	case Warn:
		return strict && !res.New
	}
	return false
}
