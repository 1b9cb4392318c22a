package mutants

import (
	"embed"
	"os"
	"path/filepath"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

//go:embed python/*.py
var programs embed.FS

// Python is mutants in Python, as programs of their own, which it writes into dir. Some have defects that only a process can have:
// they hold on to sockets, threads, memory or the processor. They need python3.
func Python(dir string) ([]Mutant, error) {
	if err := unpack(dir); err != nil {
		return nil, err
	}
	p := python{dir}
	const echo, framed, line = fixtures.EchoProtocol, fixtures.FramedProtocol, fixtures.LineProtocol
	return []Mutant{
		p.client("one-recv", echo, "takes what one recv() returns for the message",
			by(neverLie, "tcp.reassembly.split*", "tcp.reassembly.one-byte-slices")),
		p.client("fixed-buffer", echo, "calls recv(1024) once and forgets the rest",
			by(neverLie, "tcp.reassembly.size[bytes=1025]", "tcp.reassembly.size[bytes=4096]")),
		p.client("empty-is-end", echo, "takes the b'' of an early end for the end of the message",
			by(neverLie, "tcp.disconnect.fin-mid-message*", "tcp.disconnect.fin-before-reply")),
		p.client("reads-nothing-for-ever", echo, "goes on calling recv() when it returns b''",
			by(neverHang, "tcp.disconnect.fin-mid-message*")),
		p.client("while-full", echo, "reads on for as long as recv(1024) returns 1024 bytes",
			by(neverLie, "tcp.reassembly.split[at=512]"), by(reassemble, "tcp.reassembly.reply-then-silence")),
		p.client("silence-is-end", echo, "takes what has come when it times out for the message",
			by(neverLie, "tcp.timeout.stall-mid-message*")),
		p.client("short-prefix", framed, "reads the length with one recv(4)",
			by(neverLie, "tcp.reassembly.prefix-split*")),
		p.client("trusts-length", framed, "believes any length",
			by(sayWhat, "tcp.reassembly.hostile-length")),
		p.client("send-once", echo, "calls send() once and takes its message for sent",
			byEither([]string{sayWhat, reassemble}, "tcp.reassembly.size[bytes=131072]")),
		p.client("decodes-chunks", echo, "decodes each piece as UTF-8 by itself and ignores errors",
			by(neverLie, "tcp.reassembly.utf8")),
		p.client("strips", echo, "strips white space from the reply",
			by(neverLie, "tcp.reassembly.binary")),
		p.client("text-mode", echo, "makes each CR LF an LF",
			by(neverLie, "tcp.reassembly.binary")),
		p.client("first-of-line", line, "takes what one recv() returns for a line",
			by(neverLie, "tcp.reassembly.split*")),
		p.client("line-or-rest", line, "takes a line without its end for a line when the stream has ended",
			by(neverLie, "tcp.disconnect.fin-before-line-end", "tcp.disconnect.fin-anywhere*")),
		p.client("os-error-is-timeout", echo, "catches OSError, of which most errors are a kind, and calls it a timeout",
			by(sayWhat, "tcp.connect.refused", "tcp.disconnect.reset-mid-message*")),
		p.client("one-code", echo, "says reset whatever happened",
			by(sayWhat, "tcp.connect.refused", "tcp.timeout.stall-before-reply")),
		p.client("swallows-errors", echo, "prints the error and exits with 0",
			by(neverLie, "tcp.disconnect.fin-mid-message*", "tcp.disconnect.reset-before-reply", "tcp.connect.refused")),
		p.client("no-timeout", echo, "sets no timeout",
			by(neverHang, "tcp.timeout.stall-before-reply")),
		p.client("no-total", echo, "bounds each recv() alone",
			by(neverHang, "tcp.timeout.drip")),
		p.client("dies-of-signals", echo, "takes a call that a signal interrupts for one that failed",
			by(sayWhat, "tcp.timeout.signals")),
		p.client("signals-wind-up", echo, "waits anew when a signal has interrupted its wait",
			by(neverHang, "tcp.timeout.signals")),
		p.client("double-timeout", echo, "waits twice as long as it says",
			by(neverHang, "tcp.timeout.stall-before-reply")),

		p.session("reuses", "goes on with its connection after a timeout",
			by(neverLie, "tcp.timeout.stale-reply")),
		p.session("leaks-sockets", "closes no socket on which something went wrong",
			by(recovers, "tcp.disconnect.session-leak")),
		p.session("leaks-threads", "starts a thread for each error, which stays",
			by(recovers, "tcp.disconnect.session-leak")),
		p.session("dies-of-sigpipe", "has SIGPIPE end it, as C programs do that have not said otherwise",
			by(sayWhat, "tcp.disconnect.push-after-end")),
		p.session("spins", "asks again and again whether something has come",
			by(recovers, "tcp.timeout.waits-at-rest")),

		p.server("one-recv", echo, "answers one recv(1024) and closes",
			byEither([]string{reassemble, sayWhat}, "tcp.reassembly.size[bytes=1025]", "tcp.reassembly.in-turn")),
		p.server("forgets-rest", framed, "throws away what stands behind a message",
			byEither([]string{reassemble, neverLie}, "tcp.reassembly.together", "tcp.reassembly.pipelined")),
		p.server("text-mode", echo, "makes each CR LF an LF",
			byEither([]string{reassemble, neverLie}, "tcp.reassembly.binary")),
		p.server("shared-buffer", echo, "receives for all clients into one buffer",
			by(neverLie, "tcp.reassembly.cross-talk")),
		p.server("one-client", echo, "serves one client and ends",
			by(recovers, "tcp.connect.close-storm")),
		p.server("one-at-a-time", echo, "serves one client at a time",
			byEither([]string{recovers, reassemble}, "tcp.disconnect.silent-neighbour")), // its idle deadline ends the neighbour
		p.server("reset-kills", echo, "ends when a connection is reset",
			by(recovers, "tcp.disconnect.resets-survived")),
		p.server("no-idle", echo, "never closes an idle connection",
			byEither([]string{neverHang, recovers, sayWhat}, "tcp.timeout.idle-reaped")),
		p.server("keeps-sockets", echo, "does not close a socket on which something went wrong",
			by(recovers, "tcp.disconnect.socket-leak")),
		p.server("keeps-threads", framed, "does not end the thread of a client that was reset",
			by(recovers, "tcp.disconnect.thread-leak")),
		p.server("leaves-children", echo, "waits for no child",
			by(recovers, "tcp.disconnect.child-leak")),
		p.server("spins-at-end", line, "goes on calling recv() when it returns b''",
			by(recovers, "tcp.disconnect.end-busy-loop[when=end]")),
		p.server("unbounded-queue", echo, "reads on whatever of its answers has got away",
			by(recovers, "tcp.bandwidth.bounded-memory")),
		p.server("waits-for-all", echo, "waits on SIGTERM until the last client has gone",
			by(recovers, "tcp.disconnect.told-to-end")),
		p.server("no-reuseaddr", echo, "does not set SO_REUSEADDR",
			by(recovers, "tcp.connect.restart")),
		p.server("accept-error-ends", echo, "ends when accept() fails",
			by(recovers, "tcp.connect.descriptors")),
		p.server("accept-error-spins", echo, "calls accept() again at once when it fails",
			by(recovers, "tcp.connect.descriptors")),

		p.udpClient("takes-next", "takes the next datagram for its reply, whatever it answers",
			by(neverLie, "udp.delivery.other-reply-first")),
		p.udpClient("recv-1024", "calls recv(1024) and never learns what it cut off",
			by(neverLie, "udp.size.large[bytes=1025]", "udp.size.large[bytes=60000]")),
		p.udpClient("empty-is-end", "takes an empty datagram for an end, as in TCP",
			by(reassemble, "udp.size.zero-length")),
		p.udpClient("no-timeout", "sets no timeout",
			by(neverHang, "udp.delivery.lost-reply")),

		p.udpServer("recv-1024", "calls recvfrom(1024) and never learns what it cut off",
			by(neverLie, "udp.size.large[bytes=1025]")),
		p.udpServer("empty-is-end", "takes an empty datagram for an end, as in TCP",
			by(recovers, "udp.size.zero-length")),
		p.udpServer("decodes", "decodes what it gets, and ends when that is no UTF-8",
			by(recovers, "udp.survival.garbage")),
		p.udpServer("any-address", "listens on all addresses and lets the kernel choose which it answers from",
			by(reassemble, "udp.address.same-address")),
	}, nil
}

// SoundPython is the programs that they are made of, without a defect: no case may catch one.
func SoundPython(dir string) ([]targets.Target, error) {
	if err := unpack(dir); err != nil {
		return nil, err
	}
	p := python{dir}
	var all []targets.Target
	for _, protocol := range fixtures.Echoing() {
		for _, m := range []Mutant{p.client("none", protocol, ""), p.server("none", protocol, "")} {
			m.Target.Name += "-" + string(protocol)
			all = append(all, m.Target)
		}
	}
	return append(all, p.session("none", "").Target, p.udpClient("none", "").Target, p.udpServer("none", "").Target,
		p.udpServer("everywhere", "").Target), nil
}

func unpack(dir string) error {
	files, err := programs.ReadDir("python")
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := programs.ReadFile("python/" + f.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// A python makes mutants of the programs in its folder.
type python struct{ dir string }

func (p python) client(defect string, protocol fixtures.Protocol, does string, caught ...[]Catch) Mutant {
	t := p.target("client-py-"+defect, targets.ClientRole, protocol, "client.py", defect)
	t.Promises = fixtures.Deadlines{Connect: 500 * time.Millisecond, Read: 500 * time.Millisecond, Write: 500 * time.Millisecond, Total: 2 * time.Second}
	return newMutant(t, does, caught)
}

func (p python) session(defect, does string, caught ...[]Catch) Mutant {
	m := p.client(defect, fixtures.EchoProtocol, does, caught...)
	m.Target.Name = "client-py-session-" + defect
	m.Target.Command.Args[1] = filepath.Join(p.dir, "session.py")
	m.Target.Command.Session = true
	m.Name = m.Target.Name
	return m
}

func (p python) server(defect string, protocol fixtures.Protocol, does string, caught ...[]Catch) Mutant {
	t := p.target("server-py-"+defect, targets.ServerRole, protocol, "server.py", defect)
	t.Promises.Idle = 800 * time.Millisecond
	return newMutant(t, does, caught)
}

func (p python) udpClient(defect, does string, caught ...[]Catch) Mutant {
	t := p.target("client-py-udp-"+defect, targets.ClientRole, fixtures.UDPProtocol, "udp_client.py", defect)
	t.Promises = fixtures.Deadlines{Read: 500 * time.Millisecond, Total: 2 * time.Second}
	return newMutant(t, does, caught)
}

func (p python) udpServer(defect, does string, caught ...[]Catch) Mutant {
	return newMutant(p.target("server-py-udp-"+defect, targets.ServerRole, fixtures.UDPProtocol, "udp_server.py", defect), does, caught)
}

func (p python) target(name string, role targets.Role, protocol fixtures.Protocol, program, defect string) targets.Target {
	return targets.Target{Name: name, Role: role, Protocol: protocol, Command: &targets.Command{Args: []string{
		"python3", filepath.Join(p.dir, program), defect, "{host}", "{port}", string(protocol),
	}}}
}
