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
	add := func(protocol fixtures.Protocol, client targets.Client, server targets.Server) {
		all = append(all, targets.Target{
			Name:     "reference-" + string(protocol) + "-client",
			Role:     targets.ClientRole,
			Protocol: protocol,
			Promises: fixtures.Deadlines{
				Connect: by(ConnectDeadline), Read: by(ReadDeadline), Write: by(WriteDeadline), Total: by(TotalDeadline),
			},
			Client: client,
		}, targets.Target{
			Name:     "reference-" + string(protocol) + "-server",
			Role:     targets.ServerRole,
			Protocol: protocol,
			Promises: fixtures.Deadlines{Idle: by(IdleDeadline)},
			Server:   server,
		})
	}
	for _, protocol := range fixtures.Echoing() {
		add(protocol, Client{Protocol: protocol}, Server{Protocol: protocol, Idle: by(IdleDeadline)})
	}
	add(fixtures.HTTPProtocol, HTTPClient{}, HTTPServer{Idle: by(IdleDeadline)})
	return append(all, targets.Target{
		Name: "reference-udp-client", Role: targets.ClientRole, Protocol: fixtures.UDPProtocol, Client: PacketClient{},
		Promises: fixtures.Deadlines{Read: by(ReadDeadline), Total: by(TotalDeadline)},
	}, targets.Target{
		Name: "reference-udp-server", Role: targets.ServerRole, Protocol: fixtures.UDPProtocol, Packets: PacketServer{},
	})
}
