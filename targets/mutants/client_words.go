package mutants

import "github.com/faultwire/faultwire/fixtures"

// wordMutants report an error as another one.
func wordMutants() []Mutant {
	return []Mutant{
		clientMutant("client-reset-as-timeout", fixtures.EchoProtocol,
			"reports a reset as a timeout", calling(fixtures.Reset, fixtures.Timeout),
			by(sayWhat, "tcp.disconnect.reset-before-reply", "tcp.disconnect.reset-mid-message*", "tcp.connect.reset-on-accept")),
		clientMutant("client-reset-as-close", fixtures.FramedProtocol,
			"reports a reset as an orderly end", calling(fixtures.Reset, fixtures.Closed),
			by(sayWhat, "tcp.disconnect.reset-before-reply", "tcp.disconnect.reset-mid-message*")),
		clientMutant("client-timeout-as-close", fixtures.EchoProtocol,
			"reports a timeout as an orderly end", calling(fixtures.Timeout, fixtures.Closed),
			by(sayWhat, "tcp.timeout.stall-before-reply", "tcp.timeout.stall-mid-message*", "tcp.timeout.latency-above")),
		clientMutant("client-close-as-timeout", fixtures.EchoProtocol,
			"reports an orderly end as a timeout", calling(fixtures.Closed, fixtures.Timeout),
			by(sayWhat, "tcp.disconnect.fin-before-reply", "tcp.disconnect.fin-mid-message*", "tcp.timeout.closed-is-no-timeout")),
		clientMutant("client-refused-as-timeout", fixtures.EchoProtocol,
			"reports a refused connection as a timeout", calling(fixtures.Refused, fixtures.Timeout),
			by(sayWhat, "tcp.connect.refused")),
		clientMutant("client-refused-as-close", fixtures.EchoProtocol,
			"reports a refused connection as an orderly end", calling(fixtures.Refused, fixtures.Closed),
			by(sayWhat, "tcp.connect.refused")),
		clientMutant("client-refused-is-empty", fixtures.EchoProtocol,
			"takes a refused connection for an empty reply", calling(fixtures.Refused, fixtures.OK),
			by(neverLie, "tcp.connect.refused")),
		clientMutant("client-timeout-as-reset", fixtures.FramedProtocol,
			"reports a timeout as a reset", calling(fixtures.Timeout, fixtures.Reset),
			by(sayWhat, "tcp.timeout.stall-before-reply", "tcp.timeout.stall-in-prefix*", "tcp.connect.black-hole")),
		clientMutant("client-close-as-reset", fixtures.FramedProtocol,
			"reports an orderly end as a reset", calling(fixtures.Closed, fixtures.Reset),
			by(sayWhat, "tcp.disconnect.fin-before-reply", "tcp.disconnect.fin-in-prefix*")),
		clientMutant("client-one-word", fixtures.EchoProtocol,
			"has one word for every error",
			func(c *client) { c.word = oneWord },
			by(sayWhat, "tcp.timeout.stall-before-reply", "tcp.disconnect.fin-before-reply", "tcp.disconnect.reset-before-reply",
				"tcp.connect.refused")),
	}
}

func oneWord(err error) fixtures.Outcome {
	if err != nil {
		return fixtures.Other
	}
	return fixtures.OK
}

func calling(what, it fixtures.Outcome) func(*client) {
	return func(c *client) {
		c.word = func(err error) fixtures.Outcome {
			if word := fixtures.OutcomeOf(err); word != what {
				return word
			}
			return it
		}
	}
}
