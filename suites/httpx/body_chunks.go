package httpx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/suites/cases"
)

const fixChunks = "Go: net/http does it: io.ReadAll(resp.Body) returns io.ErrUnexpectedEOF; check it.\n" +
	"Python: http.client raises IncompleteRead, requests ChunkedEncodingError: let it out.\n" +
	"Node: the \"aborted\" event and an \"error\" of the response, or a rejected promise: do not resolve in \"end\" alone.\n" +
	"Java: an IOException (\"chunked transfer encoding, state: READING_LENGTH\", \"Premature EOF\"): let it out."

var unfinished = cases.Practice(cases.NeverLie, `a part is not reported as the whole. (RFC 9112 §8: a chunked message body "is incomplete if the zero-sized `+
	`chunk that terminates the encoding has not been received")`)

var _ = cases.RegisterFamily("at", []string{"size", "chunk", "between"}, func(at string) cases.Case {
	place := map[string]fixtures.Place{
		"size": fixtures.MidChunkSize(3), "chunk": fixtures.InChunk(3), "between": fixtures.BeforeChunk(3),
	}[at]
	return cases.Case{
		ID:       "http.body.chunks-cut",
		Title:    "reports an error when the connection is closed before the last chunk",
		Level:    cases.Must,
		Quick:    at == "chunk",
		Role:     cases.Client,
		Speaks:   cases.HTTP,
		Basis:    unfinished,
		Since:    "0.1",
		Exchange: answering(chunked, upTo(chunked, place), fixtures.Close()),
		Expect:   cases.HaveFailed(),
		Why: "A server that does not know beforehand how much it will say sends chunks, each behind its length, and one of length zero for " +
			"the end. If that one is missing, the server broke off. Between two chunks the cut is clean: everything that was announced " +
			"has come, and only who waits for the zero notices.",
		Fix: fixChunks,
	}
})

var _ = cases.Register(cases.Case{
	ID:       "http.body.last-chunk-missing",
	Title:    "reports an error when all content has come and only the last chunk is missing",
	Level:    cases.Must,
	Quick:    true,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    unfinished,
	Since:    "0.1",
	Exchange: answering(chunked, upTo(chunked, fixtures.BeforeChunk(size/chunk)), fixtures.Close()),
	Expect:   cases.HaveFailed(),
	Why: "All that the server has said so far is there, and then the connection ends. Was that all? The client cannot know: the next row " +
		"of the table may have been on its way. The last chunk is the server's word that there is no more, and without it there is none.",
	Fix: fixChunks,
})

var _ = cases.RegisterFamily("is", []string{"no-number", "negative", "empty", "too-large"}, func(is string) cases.Case {
	line := map[string]string{"no-number": "xyz\r\n", "negative": "-64\r\n", "empty": "\r\n", "too-large": "fffffffffffffffff\r\n"}[is]
	return cases.Case{
		ID:     "http.body.bad-chunk-size",
		Title:  "reports an error when the length of a chunk is none",
		Level:  cases.Must,
		Quick:  is == "no-number",
		Role:   cases.Client,
		Speaks: cases.HTTP,
		Basis: cases.Practice(cases.NeverLie, `content whose length cannot be known is not reported as whole. (RFC 9112 §7.1: chunk-size is 1*HEXDIG, and `+
			`recipients "MUST anticipate potentially large hexadecimal numerals and prevent parsing errors due to integer conversion overflows")`),
		Since:    "0.1",
		Exchange: answering(chunked, upTo(chunked, fixtures.BeforeChunk(1)), fixtures.SendLiteral([]byte(line+"0123456789\r\n0\r\n\r\n")...), fixtures.Close()),
		Expect:   cases.HaveFailed(),
		Why: "Where a length should stand something else does: the peer is broken, or somebody is trying out what a parser does with it. One " +
			"that makes a zero of it ends the content here and reports success; one that makes a huge or negative number of it reads on " +
			"into what is not content. Either is also how one request is smuggled inside another.",
		Fix: fixChunks,
	}
})

var _ = cases.Register(cases.Case{
	ID:       "http.body.last-crlf-missing",
	Title:    "decides either way when only the very last two bytes of chunked content are missing",
	Level:    cases.May,
	Role:     cases.Client,
	Speaks:   cases.HTTP,
	Basis:    cases.Norm("RFC 9112", `§7.1: the chunks are "finally terminated by an empty line"; §8 calls the content incomplete only without the zero chunk`),
	Since:    "0.1",
	Exchange: answering(chunked, upTo(chunked, fixtures.BeforeLastCRLF), fixtures.Close()),
	Expect:   cases.HaveFailed(),
	Why: "The last chunk has come, the empty line behind it has not. The content is complete; the message, by the letter of its grammar, is " +
		"not. Programs differ, and both have a reason: this records which kind yours is.",
	Fix: fixChunks,
})

// short is a reply in chunks that is cut often, and still soon there: many wait for a header section only so long.
var short = fixtures.Message{Size: 60, HTTP: fixtures.HTTP{Framing: fixtures.ByChunks, Chunk: 17}}

var _ = cases.RegisterFamily("of", []string{"head", "content", "all"}, func(of string) cases.Case {
	begin := int64(short.At(fixtures.BehindHeader))
	slices := map[string]proxy.Fault{
		"head": proxy.Slice(1).UntilByte(60), "content": proxy.Slice(1).After(begin), "all": proxy.Slice(7),
	}[of].TowardsTarget()
	return cases.Case{
		ID:       "http.body.chunks-sliced",
		Title:    "puts content together from chunks, however they come",
		Level:    cases.Must,
		Role:     cases.Client,
		Speaks:   cases.HTTP,
		Basis:    cases.Norm("RFC 9112", `§7.1.3 has the decoding of the chunked transfer coding; RFC 9293 §2.2: TCP is a byte stream, whose segments mean nothing`),
		Since:    "0.1",
		Wire:     func(cases.Timing, cases.Request) []proxy.Fault { return []proxy.Fault{slices} },
		Exchange: fixtures.Exchange{Messages: []fixtures.Message{short}},
		Expect:   cases.HaveDelivered(),
		Why: "A chunk is a unit of HTTP, a segment one of TCP, and a read returns neither: it returns what is there. The length of a chunk may " +
			"come in two parts, its line end alone. A parser that takes each read for a chunk works on the desk, where they coincide.",
		Fix: "Go: net/http does it; by hand bufio.Reader.ReadString('\\n') and io.ReadFull.\n" +
			"Python: http.client does it; by hand file = sock.makefile(\"rb\"), readline() and read(n).\n" +
			"Node: http does it; by hand keep what is left of a \"data\" event for the next.\n" +
			"Java: HttpClient does it; by hand DataInputStream.readFully behind a line.",
	}
})
