package mutants

import (
	"github.com/faultwire/faultwire/fixtures"
)

// sessionMutants do well once, and keep from one exchange to the next what they should not.
func sessionMutants() []Mutant {
	return []Mutant{
		clientMutant("client-reuses-after-timeout", fixtures.EchoProtocol,
			"goes on with its connection after a timeout",
			func(c *client) {
				c.keeps = func(err error) bool { return err == nil || fixtures.OutcomeOf(err) == fixtures.Timeout }
			},
			by(neverLie, "tcp.timeout.stale-reply", "tcp.timeout.around-deadline"), by(recovers, "tcp.timeout.then-recovers")),
		clientMutant("client-never-reconnects", fixtures.FramedProtocol,
			"goes on with its connection whatever has become of it",
			func(c *client) { c.keeps = func(error) bool { return true } },
			by(recovers, "tcp.disconnect.then-recovers", "tcp.disconnect.idle-end*")),
		clientMutant("client-deadline-of-first-exchange", fixtures.LineProtocol,
			"keeps the deadlines of its first exchange",
			func(c *client) {
				c.mood = settingOnce
				c.renews = false
			},
			by(reassemble, "tcp.timeout.renewed")),
		clientMutant("client-swallows-write-errors", fixtures.EchoProtocol,
			"does not look whether what it sends was taken",
			func(c *client) { c.shrugs = true },
			by(neverLie, "tcp.disconnect.push-after-end")),
		clientMutant("client-keeps-buffer", fixtures.EchoProtocol,
			"keeps what came of a broken reply for the next connection",
			func(c *client) {
				c.carries = func(reply []byte, err error) []byte {
					if err == nil {
						return nil
					}
					return reply
				}
			},
			by(neverLie, "tcp.disconnect.then-recovers", "tcp.timeout.then-recovers")),
	}
}
