package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/proxy/sockdiag"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites"
	"github.com/faultwire/faultwire/suites/cases"
)

func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine can do for Faultwire, and which cases are skipped without it",
		Long: "Say what this machine can do for Faultwire: ok, less (it works, but for what is said), or bad (no run can be trusted here).\n\n" +
			"Exit codes: 0 no finding is bad, 4 one is.",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			found := examine(c.Context())
			if _, err := found.WriteTo(c.OutOrStdout(), width(c.OutOrStdout())); err != nil {
				return &ended{reports.ExitError, err}
			}
			if slices.ContainsFunc(found, func(f finding) bool { return f.state == bad }) {
				return &ended{reports.ExitError, nil}
			}
			return nil
		},
	}
}

// A state is how well something is.
type state string

const (
	ok   state = "ok"
	less state = "less"
	bad  state = "bad"
)

// A finding is one thing that was looked at.
type finding struct {
	state      state
	what, text string
}

type findings []finding

func (all findings) WriteTo(w io.Writer, columns int) (int64, error) {
	s := sheet{columns: columns}
	if columns <= 0 {
		s.columns = 100
	}
	for _, f := range all {
		s.entry(string(f.state), f.what+": "+f.text)
	}
	return s.out.WriteTo(w)
}

// witnessed is how long the machine's punctuality is looked at.
const witnessed = 500 * time.Millisecond

// examine looks at the machine.
func examine(ctx context.Context) (all findings) {
	add := func(s state, what, format string, args ...any) {
		all = append(all, finding{s, what, fmt.Sprintf(format, args...)})
	}
	add(ok, "system", "%s %s, %d processors, of which %d may be used at once; %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.GOMAXPROCS(0), runtime.Version())
	if quota := processorQuota(); quota > 0 {
		s := ok
		if quota < 1 {
			s = less
		}
		add(s, "processor limit", "the cgroup has %.2g processors; on less than one whole one many observations are void, so give it more or use --time-scale", quota)
	}
	if err := loopback(ctx, "tcp4", "127.0.0.1:0"); err != nil {
		add(bad, "loopback", "no connection to 127.0.0.1: %v", err)
	} else {
		add(ok, "loopback", "127.0.0.1 connects")
	}
	if err := loopback(ctx, "tcp6", "[::1]:0"); err != nil {
		add(ok, "loopback of IPv6", "none (%v); the cases of a name with two addresses are skipped", reasonOf(err))
	} else if err := suites.TwoAddresses(ctx); err != nil {
		add(ok, "loopback of IPv6", "::1 connects, but %v; the cases of a name with two addresses are skipped", err)
	} else {
		add(ok, "loopback of IPv6", "::1 connects, and localhost stands for it, too")
	}
	if dir, err := os.MkdirTemp("", "faultwire-"); err != nil {
		add(bad, "temporary folder", "%v; set TMPDIR", err)
	} else {
		_ = os.Remove(dir)
		add(ok, "temporary folder", "%s", os.TempDir())
	}
	late, err := suites.Lateness(ctx, witnessed)
	switch {
	case err != nil:
		add(bad, "punctuality", "%v", err)
	case late == 0:
		add(ok, "punctuality", "a timer and a byte there and back, each 5 ms for %v: never late by 10 ms", witnessed)
	case late < 50*time.Millisecond:
		add(less, "punctuality", "%v late at worst within %v: the machine is busy, and some observations are void and taken again", late.Round(time.Millisecond), witnessed)
	default:
		add(less, "punctuality", "%v late at worst within %v: too busy for cases about time; give the machine less to do, or use --time-scale 3", late.Round(time.Millisecond), witnessed)
	}
	pairs, descriptors := suites.AtOnce()
	s, hint := ok, ""
	if descriptors < 1024 {
		s, hint = less, "; raise it with ulimit -n 4096, and more run at once"
	}
	add(s, "descriptors", "%d may be open, and %d cases run at once%s", descriptors, pairs, hint)
	all = append(all, wireFindings()...)
	all = append(all, systemFindings()...)
	for _, p := range []struct{ name, what string }{
		{"python3", "the examples in targets/examples/python, session and peer"},
		{"node", "the examples in targets/examples/node and session"},
		{"java", "the examples in targets/examples/java and session"},
		{"go", "the examples in targets/examples/go and session, and cases of your own"},
		{"curl", "--classify curl"},
		{"tshark", "looking into capture.pcapng"},
	} {
		if path, err := exec.LookPath(p.name); err == nil {
			add(ok, p.name, "%s", path)
		} else {
			add(ok, p.name, "not found; it is for %s, and no case needs it", p.what)
		}
	}
	return all
}

// wireFindings are what the wire can do here, by trying.
func wireFindings() (all findings) {
	for _, can := range []struct {
		what, otherwise string // what it is, and what becomes of cases that need it where it is not
		try             func() error
		faults          []string // that need it
	}{
		{"sight of the other end (inet_diag)", "are skipped, as nobody can tell whether a cut was seen", func() error {
			diag, err := sockdiag.Open()
			if err == nil {
				err = diag.Close()
			}
			return err
		}, []string{proxy.Slice(1).Type}},
		{"refusing connects", "end as errors", func() error { return lay(proxy.Refuse()) }, []string{proxy.Refuse().Type}},
		{"leaving connects unanswered", "end as errors", func() error { return lay(proxy.ConnectBlackhole()) }, []string{proxy.ConnectBlackhole().Type}},
		{"losing packets (CAP_NET_ADMIN)", "are skipped", func() error { return lay(proxy.Vanish()) },
			[]string{proxy.Vanish().Type, "packet_loss", "syn_loss"}},
	} {
		err := can.try()
		n, need := needing(having(can.faults))
		switch {
		case err == nil:
			all = append(all, finding{ok, can.what, "works; " + need})
		case n == 0:
			all = append(all, finding{less, can.what, fmt.Sprintf("not here: %v; %s, but a plan that does is refused", reasonOf(err), need)})
		default:
			all = append(all, finding{less, can.what, fmt.Sprintf("not here: %v; %s: these %s", reasonOf(err), need, can.otherwise)})
		}
	}
	return all
}

// lay lays a wire with the fault for a moment, and says why that is not possible.
func lay(f proxy.Fault) error {
	r, err := proxy.Listen(proxy.Config{Upstream: "127.0.0.1:9", Plan: proxy.Plan{Faults: []proxy.Fault{f}}})
	if err != nil {
		return err
	}
	return r.Close()
}

// having picks the cases that have one of the faults.
func having(types []string) func(cases.Case) bool {
	return func(c cases.Case) bool {
		under, timing := example(c)
		return slices.ContainsFunc(c.Faults(timing, under), func(f proxy.Fault) bool { return slices.Contains(types, f.Type) })
	}
}

// needing says how many cases need something, and names the first families.
func needing(need func(cases.Case) bool) (n int, said string) {
	var families []string
	for _, c := range cases.All() {
		if !need(c) {
			continue
		}
		n++
		if family, _, _ := strings.Cut(c.ID, "["); !slices.Contains(families, family) {
			families = append(families, family)
		}
	}
	switch n {
	case 0:
		return n, "no case needs it"
	case 1:
		return n, fmt.Sprintf("1 case needs it (%s)", families[0])
	}
	const most = 3
	if more := len(families) - most; more > 0 {
		families = append(families[:most], fmt.Sprintf("and %d families more", more))
	}
	return n, fmt.Sprintf("%d cases need it (%s)", n, strings.Join(families, ", "))
}

// loopback makes a connection there and ends it.
func loopback(ctx context.Context, network, addr string) error {
	l, err := net.Listen(network, addr)
	if err != nil {
		return err
	}
	defer l.Close()
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, l.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Write([]byte("x")); err != nil {
		return err
	}
	_, err = io.ReadFull(c, make([]byte, 1))
	return err
}

// reasonOf is the innermost of an error, which is what the system said.
func reasonOf(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
