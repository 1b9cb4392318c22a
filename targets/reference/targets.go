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

// Targets are the reference client and server in both protocols, in this process. The servers keep their idle deadline times
// scale, as the engine expects of a run with that time scale.
func Targets(scale float64) []targets.Target {
	var all []targets.Target
	for _, protocol := range []fixtures.Protocol{fixtures.EchoProtocol, fixtures.FramedProtocol} {
		all = append(all, targets.Target{
			Name:     "reference-" + string(protocol) + "-client",
			Role:     targets.ClientRole,
			Protocol: protocol,
			Promises: fixtures.Deadlines{Connect: ConnectDeadline, Read: ReadDeadline, Write: WriteDeadline, Total: TotalDeadline},
			Client:   Client{Protocol: protocol},
		}, targets.Target{
			Name:     "reference-" + string(protocol) + "-server",
			Role:     targets.ServerRole,
			Protocol: protocol,
			Promises: fixtures.Deadlines{Idle: IdleDeadline},
			Server:   Server{Protocol: protocol, Idle: time.Duration(scale * float64(IdleDeadline))},
		})
	}
	return all
}
