package disconnect

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.RegisterFamily("when", []string{"end", "silence"}, func(when string) cases.Case {
	last := map[string]fixtures.Step{"end": fixtures.CloseWrite(), "silence": fixtures.SendPart(1, 0, 8)}[when]
	return cases.Case{
		ID:     "tcp.disconnect.end-busy-loop",
		Title:  "rests while a client has nothing more to say",
		Level:  cases.Must,
		Quick:  when == "end",
		Role:   cases.Server,
		Speaks: cases.Connections,
		Basis: cases.Practice(cases.Recover, "waiting costs nothing: a read that returns 0 (POSIX recv(): the peer's orderly end) is no reason to "+
			"read again at once"),
		Since: "0.1",
		Watch: &cases.Watch{Quiet: "quiet"},
		Exchange: fixtures.Exchange{Messages: []fixtures.Message{{Size: 13}, {Size: 64, Of: 1}}}.Playing(
			fixtures.Script("client", fixtures.Dial(), fixtures.Send(0), fixtures.Expect(0), last, fixtures.Signal("quiet"), fixtures.Await("watched")),
		),
		Expect: cases.HaveIdled(),
		Why: "At the end of a stream a read does not wait: it returns at once, with nothing, as often as it is called. A loop that " +
			"takes \"nothing\" for \"nothing yet\" turns as fast as the processor can, for every client that has gone home. The server " +
			"still answers, only slower and slower, and the machine is hot. Polling a silent client without a pause is the same.",
		Fix: "Go: leave the loop on every error of Read, io.EOF too; no default: in a select around it.\n" +
			"Python: if not data: break; with select or selectors unregister the socket at its end.\n" +
			"Node: nothing polls by itself; no setImmediate() that looks whether something has come.\n" +
			"Java: leave the loop when read() returns -1; no while (in.available() == 0) without a pause.",
	}
})
