package httpx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.RegisterFamily("framing", []string{"length", "close"}, func(framing string) cases.Case {
	m := fixtures.Message{Size: size, HTTP: fixtures.HTTP{Gzip: true}}
	basis := incomplete
	if framing == "close" {
		m.HTTP.Framing = fixtures.ByClose
		basis = cases.Practice(cases.NeverLie, "a compressed stream that ends before its end is not whole. (RFC 1952 §2.3.1.2 exempts decoders from "+
			"looking at its trailer; RFC 9110 §8.4.1.3 names the coding)")
	}
	return cases.Case{
		ID:       "http.body.gzip-cut",
		Title:    "reports an error when compressed content ends before its end",
		Level:    cases.Should,
		Role:     cases.Client,
		Speaks:   cases.HTTP,
		Basis:    basis,
		Since:    "0.1",
		Excused:  true,
		Exchange: answering(m, fixtures.SendPart(0, 0, -200), fixtures.Close()),
		Expect:   cases.HaveFailed(),
		Why: "A compressed stream knows its own end: it closes with a check sum and a length. A decoder that is fed piece by piece hands out what " +
			"it can, and if nobody asks it whether it came to the end, a text that lacks its last pages looks whole.",
		Fix: "Go: net/http does it: reading to the end returns io.ErrUnexpectedEOF.\n" +
			"Python: zlib.decompressobj().eof has to be True at the end; gzip.decompress raises EOFError.\n" +
			"Node: zlib.createGunzip() emits an error (Z_BUF_ERROR): handle it; use stream.pipeline.\n" +
			"Java: GZIPInputStream throws an EOFException: let it out.",
	}
})
