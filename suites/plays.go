package suites

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/targets"
)

// A demand is what a schedule asks of each of its exchanges, save that it keeps the promises.
type demand string

// The demands.
const (
	success   demand = ""           // where no fault does more than cut and delay: all that is needed comes, and in time
	noSuccess demand = "no success" // whatever the faults: what is needed never comes
	rejection demand = "rejection"  // as noSuccess, and known at once from what comes, so that it is no timeout either
	refusal   demand = "refusal"    // of HTTP: the server says that it will not have it
	nothing   demand = "nothing"    // it is left open what is right
)

// A play is what the reference side does in place of its sound service.
type play struct {
	fits func(t *targets.Target) bool
	set  func(d deck, rng *rand.Rand, s *schedule)
	bare bool // no fault beside it: who meets that could not know better
}

// plays are all there are. What they have in common is that a server may do so, by malice or mistake, and clients have met it.
var plays = []play{
	{fits: anyone, set: repliesAndEnds}, {fits: anyone, set: cutsReplyShort}, {fits: anyone, set: drips},
	{fits: echoes, set: repliesFirst}, {fits: pushes, set: leavesWithoutAWord},
	{fits: frames, set: claimsTooMuch},
	{fits: secures, set: spoilsRecord}, {fits: secures, set: speaksPlainly},
	{fits: asksAgain, set: saysTooMuch, bare: true}, {fits: asksAgain, set: leavesWhileIdle}, {fits: asksHTTP, set: takesAndEnds},
	{fits: asksHTTP, set: miscountsChunks}, {fits: asksHTTP, set: sendsOn},
	{fits: uploads, set: doesNotSayGoOn}, {fits: uploads, set: turnsDownEarly, bare: true},
}

// anyone is all but who speaks a conversation, which alone knows what of it may be missing.
func anyone(t *targets.Target) bool  { return t.Protocol != fixtures.ConversationProtocol }
func echoes(t *targets.Target) bool  { return slices.Contains(fixtures.Echoing(), t.Protocol) }
func frames(t *targets.Target) bool  { return t.Protocol == fixtures.FramedProtocol }
func secures(t *targets.Target) bool { return t.TLS }
func pushes(t *targets.Target) bool  { return echoes(t) && t.Sessions() }
func asksHTTP(t *targets.Target) bool {
	return t.Protocol == fixtures.HTTPProtocol
}
func asksAgain(t *targets.Target) bool { return asksHTTP(t) && t.Sessions() }

// uploads reports whether the target can be brought to a stop while it sends much: see [deck.blocks].
func uploads(t *targets.Target) bool { return asksHTTP(t) && !t.TLS }

// everyTime is on how many connections a play is played: on all that a client makes.
const everyTime = 50

// plays makes one exchange of the schedule's first message, with the steps behind the request.
func (s *schedule) plays(steps ...fixtures.Step) {
	s.Session, s.Messages = false, s.Messages[:1]
	steps = append([]fixtures.Step{fixtures.Expect(0)}, steps...)
	s.Conns = []fixtures.Conn{fixtures.Script("server", steps...).Times(everyTime)}
}

// repliesAndEnds says all, and ends at once: in order, or under TLS without a word of that.
func repliesAndEnds(d deck, rng *rand.Rand, s *schedule) {
	end := fixtures.Close()
	if d.target.TLS && s.Messages[0].HTTP.Framing != fixtures.ByClose && rng.IntN(2) == 0 {
		end = fixtures.Cut()
	}
	s.plays(fixtures.Send(0), end)
}

// cutsReplyShort ends within the reply, one way or another.
func cutsReplyShort(d deck, rng *rand.Rand, s *schedule) {
	m := &s.Messages[0]
	m.Size = max(m.Size, 100)
	m.HTTP = fixtures.HTTP{Framing: m.HTTP.Framing, Chunk: m.HTTP.Chunk}
	end := pick(rng, fixtures.Close(), fixtures.ResetConn())
	if d.target.TLS && rng.IntN(2) == 0 {
		end = fixtures.Cut()
	}
	s.plays(fixtures.SendPart(0, 0, -1-rng.IntN(m.Size/2)), fixtures.Hold(fixtures.ReadDeadline.Times(0.1)), end)
	s.Demand = noSuccess
	if m.HTTP.Framing == fixtures.ByClose {
		s.Demand = nothing // the end of the connection is that of the content; whether it is told of that, or of a reset, the wire may decide
	}
}

// repliesFirst answers what it has not been asked yet.
func repliesFirst(_ deck, _ *rand.Rand, s *schedule) {
	s.plays()
	s.Conns[0].Steps = []fixtures.Step{fixtures.Send(0), fixtures.Expect(0), fixtures.Await("peer")}
}

// drips says all, slowly.
func drips(d deck, rng *rand.Rand, s *schedule) {
	size := s.lengths().Bytes
	pause := fixtures.ReadDeadline.Times(pick(rng, 0.11, 0.29, 0.63)) // of which no deadline is a multiple: in one instant either may come first
	s.plays(fixtures.Send(0).Dripping(int(size)/pick(rng, 2, 4, 10)+1, pause))
	s.Demand = nothing
}

// claimsTooMuch announces more than there can be.
func claimsTooMuch(_ deck, rng *rand.Rand, s *schedule) {
	length := pick(rng, []byte{0xff, 0xff, 0xff, 0xff}, []byte{0x80, 0, 0, 0}, []byte{0x7f, 0xff, 0xff, 0xff})
	s.plays(fixtures.SendLiteral(append(length, 'x')...), fixtures.Await("peer"))
	s.Demand = rejection
}

// leavesWithoutAWord takes the first of several messages that want no reply, and goes.
func leavesWithoutAWord(_ deck, rng *rand.Rand, s *schedule) {
	const pushes = 6
	first := s.Messages[0]
	first.Size = max(1, min(first.Size, 8192))
	s.Messages, s.Session, s.Demand = nil, true, nothing
	for i := range pushes {
		first.Of = i
		s.Messages = append(s.Messages, first)
	}
	end := pick(rng, fixtures.Close(), fixtures.ResetConn())
	x := fixtures.Exchange{Messages: s.Messages}.Pushing("gone", fixtures.ReadDeadline.Times(0.1))
	s.Calls, s.Conns = x.Calls, []fixtures.Conn{fixtures.Script("gone", fixtures.Expect(0), end)}
}

// spoilsRecord damages what it says.
func spoilsRecord(_ deck, _ *rand.Rand, s *schedule) {
	s.plays(fixtures.Spoil(), fixtures.Send(0), fixtures.Await("peer"))
	s.Demand = noSuccess
}

// speaksPlainly does not know TLS.
func speaksPlainly(_ deck, _ *rand.Rand, s *schedule) {
	s.plays()
	s.Conns = []fixtures.Conn{fixtures.Script("server",
		fixtures.SendLiteral([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")...), fixtures.Await("peer")).WithoutTLS().Times(everyTime)}
	s.Demand = rejection
}

// saysTooMuch has something stand behind its reply that nobody asked for.
func saysTooMuch(_ deck, rng *rand.Rand, s *schedule) {
	s.Session, s.Messages = true, nil
	for i := range 3 {
		s.Messages = append(s.Messages, fixtures.Message{Size: pick(rng, 1, 100, 1000), Of: i})
	}
	s.Calls = []fixtures.Call{{Message: 0}, {Message: 2, Pause: fixtures.ReadDeadline.Times(0.2)}}
	s.Conns = []fixtures.Conn{fixtures.Script("kept", fixtures.Expect(0), fixtures.SendTogether(0, 2), fixtures.Expect(2), fixtures.Send(2), fixtures.Await("peer"))}
}

// leavesWhileIdle ends a connection that is not in use.
func leavesWhileIdle(_ deck, rng *rand.Rand, s *schedule) {
	s.Session, s.Messages = true, nil
	for i := range 2 {
		s.Messages = append(s.Messages, fixtures.Message{Size: pick(rng, 1, 100, 1000), Of: i})
	}
	s.Calls = []fixtures.Call{{Message: 0}, {Message: 1, After: "kept", Pause: fixtures.ReadDeadline.Times(0.3)}}
	s.Conns = []fixtures.Conn{fixtures.Script("kept", fixtures.Expect(0), fixtures.Send(0), pick(rng, fixtures.Close(), fixtures.ResetConn()))}
}

// takesAndEnds takes the request, and goes.
func takesAndEnds(_ deck, rng *rand.Rand, s *schedule) {
	s.Messages[0].HTTP = fixtures.HTTP{Method: pick(rng, "POST", "")}
	s.plays(pick(rng, fixtures.Close(), fixtures.ResetConn()))
	s.Demand = noSuccess
}

// miscountsChunks says of a chunk how long it is in a way that makes no sense.
func miscountsChunks(_ deck, rng *rand.Rand, s *schedule) {
	s.Messages[0].HTTP = fixtures.HTTP{Framing: fixtures.ByChunks}
	size := pick(rng, "zz", "-5", "", "0x5", "5 5", "ffffffffffffffff1")
	s.plays(fixtures.SendLiteral([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"+size+"\r\nhello\r\n0\r\n\r\n")...), fixtures.Await("peer"))
	s.Demand = noSuccess
}

// sendsOn has the page elsewhere, and again elsewhere. Now and then each of these takes its time.
func sendsOn(d deck, rng *rand.Rand, s *schedule) {
	s.Session, s.Messages = false, nil
	hops := pick(rng, 1, 2, 5, 9)
	for i := range hops + 1 {
		m := fixtures.Message{Size: pick(rng, 1, 100, 1000), Of: i}
		if i < hops {
			m.HTTP = fixtures.HTTP{Status: pick(rng, 301, 302, 303), Location: i + 1}
		}
		s.Messages = append(s.Messages, m)
	}
	if rng.IntN(2) == 0 {
		f := proxy.Latency(time.Duration(float64(d.timing.Read)*pick(rng, 0.6, 0.8)), 0).TowardsTarget()
		f.Name = "hops"
		s.Plan.Faults = []proxy.Fault{f}
	}
}

// doesNotSayGoOn waits for content, as who knows no 100 (Continue) does. Now and then it is more than clients send without asking.
func doesNotSayGoOn(_ deck, rng *rand.Rand, s *schedule) {
	s.Messages[0].Size, s.Messages[0].HTTP = pick(rng, 1<<20+1, 100, 1000, 4097), fixtures.HTTP{Method: "POST"}
	s.plays(fixtures.Send(0), fixtures.Await("peer"))
	s.Conns[0].Steps[0] = fixtures.Expect(0).Silently()
}

// turnsDownEarly says that it will not have what is still coming, and takes no more of it.
func turnsDownEarly(_ deck, _ *rand.Rand, s *schedule) {
	s.Messages[0].Size, s.Messages[0].HTTP = 1<<18, fixtures.HTTP{Method: "POST", Status: 413}
	s.plays(fixtures.SendLiteral([]byte("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")...), fixtures.Await("peer"))
	s.Conns[0].Steps[0] = fixtures.ExpectHead()
	s.Room = 4096
	s.Plan.Faults = []proxy.Fault{proxy.Stall().FromTarget().After(16 << 10)}
	s.Plan.Faults[0].Name = "f1"
	s.Demand = refusal
}
