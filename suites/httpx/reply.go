package httpx

import "github.com/faultwire/faultwire/fixtures"

const (
	size  = 1000 // bytes of content
	chunk = 100
	again = 50 // how often a server does it: to who tries again, too
)

// content is the reply with a Content-Length, chunked the one in chunks, untilClose the one that the end of the connection ends.
var (
	content    = fixtures.Message{Size: size}
	chunked    = fixtures.Message{Size: size, HTTP: fixtures.HTTP{Framing: fixtures.ByChunks, Chunk: chunk}}
	untilClose = fixtures.Message{Size: size, HTTP: fixtures.HTTP{Framing: fixtures.ByClose}}
)

// answering is an exchange in which the server reads the request for the message, does the steps, and does so again for who asks
// again.
func answering(m fixtures.Message, steps ...fixtures.Step) fixtures.Exchange {
	steps = append([]fixtures.Step{fixtures.Expect(0)}, steps...)
	return fixtures.Exchange{Messages: []fixtures.Message{m}}.Playing(fixtures.Script("server", steps...).Times(again))
}

// upTo sends the reply as far as the place.
func upTo(m fixtures.Message, place fixtures.Place) fixtures.Step {
	return fixtures.SendPart(0, 0, m.At(place))
}

// pause lets what was sent be read before the RST that follows: Node reports one that comes within a millisecond of data as an end.
var pause = fixtures.Hold(fixtures.ReadDeadline.Times(0.1))

// wait holds the connection until the client ends it.
var wait = fixtures.Await("peer")

const fixWhole = "Go: io.ReadAll(resp.Body) returns io.ErrUnexpectedEOF: check it, and do not use what came.\n" +
	"Python: http.client raises IncompleteRead; requests accepts a short body with urllib3 before 2.0: compare len(r.content) with Content-Length, or update.\n" +
	"Node: await response.arrayBuffer() rejects with \"terminated\"; with http handle \"aborted\" and \"error\" of the response.\n" +
	"Java: HttpClient throws an IOException; HttpURLConnection returns -1 early: count the bytes yourself."
