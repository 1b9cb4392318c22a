package reference

import (
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

// The deadlines that the reference targets promise, before any scaling: long enough for a loaded machine to keep, short
// enough that a run which waits for most of them takes seconds.
const (
	ConnectDeadline = 300 * time.Millisecond
	ReadDeadline    = 300 * time.Millisecond
	WriteDeadline   = 300 * time.Millisecond
	TotalDeadline   = 900 * time.Millisecond
	IdleDeadline    = 600 * time.Millisecond
)

// Targets are the reference client and server in every protocol, in this process. Their deadlines are multiplied by scale, which
// should be the time scale of the run.
func Targets(scale float64) []targets.Target {
	by := func(d time.Duration) time.Duration { return time.Duration(scale * float64(d)) }
	var all []targets.Target
	add := func(name string, protocol fixtures.Protocol, secure bool, client targets.Client, server targets.Server) {
		all = append(all, targets.Target{
			Name:     "reference-" + name + "-client",
			Role:     targets.ClientRole,
			Protocol: protocol,
			TLS:      secure,
			Promises: fixtures.Deadlines{
				Connect: by(ConnectDeadline), Read: by(ReadDeadline), Write: by(WriteDeadline), Total: by(TotalDeadline),
			},
			Client: client,
		}, targets.Target{
			Name:     "reference-" + name + "-server",
			Role:     targets.ServerRole,
			Protocol: protocol,
			TLS:      secure,
			Promises: fixtures.Deadlines{Idle: by(IdleDeadline)},
			Server:   server,
		})
	}
	const framed = fixtures.FramedProtocol
	for _, protocol := range fixtures.Echoing() {
		add(string(protocol), protocol, false, Client{Protocol: protocol}, Server{Protocol: protocol, Idle: by(IdleDeadline)})
	}
	add("http", fixtures.HTTPProtocol, false, HTTPClient{}, HTTPServer{Idle: by(IdleDeadline)})
	all = append(all, targets.Target{
		Name:     "reference-gateway",
		Role:     targets.ServerRole,
		Protocol: fixtures.HTTPProtocol,
		Promises: fixtures.Deadlines{Read: by(ReadDeadline), Idle: by(IdleDeadline)},
		Gateway:  Gateway(by(ReadDeadline), by(IdleDeadline)),
	})
	add("tls", framed, true, Client{Protocol: framed}, Server{Protocol: framed, Idle: by(IdleDeadline)})
	add("https", fixtures.HTTPProtocol, true, HTTPClient{}, HTTPServer{Idle: by(IdleDeadline)})
	all = append(all, targets.Target{
		Name:     "reference-peer",
		Role:     targets.PeerRole,
		Protocol: framed,
		Promises: fixtures.Deadlines{
			Connect: by(ConnectDeadline), Read: by(ReadDeadline), Write: by(WriteDeadline), Total: by(TotalDeadline), Idle: by(IdleDeadline),
		},
		Peer: func() (targets.Persistent, targets.Server) {
			return Client{Protocol: framed}, Server{Protocol: framed, Idle: by(IdleDeadline)}
		},
	})
	return append(all, targets.Target{
		Name: "reference-udp-client", Role: targets.ClientRole, Protocol: fixtures.UDPProtocol, Client: PacketClient{},
		Promises: fixtures.Deadlines{Read: by(ReadDeadline), Total: by(TotalDeadline)},
	}, targets.Target{
		Name: "reference-udp-server", Role: targets.ServerRole, Protocol: fixtures.UDPProtocol, Packets: PacketServer{},
	})
}
