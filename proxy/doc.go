// Package proxy is the wire: a TCP relay that is exact where Toxiproxy is not, and hostile where a plan says so; and one for
// datagrams, which is this package's alone ([DatagramRelay]).
//
//	target ⇄ edge ⇄ Toxiproxy toxic links ⇄ edge ⇄ reference
//
// The listener, the dialer and both edges are this package's; between them run Toxiproxy's own links, one never-started
// Toxiproxy proxy a connection, with toxics of our own in them. An edge counts bytes, writes the trace, applies the faults that
// are exact to the byte, and keeps draining after its peer is gone.
//
// While no toxic is wanted there is no link: bytes go from socket to socket. The link takes over at the first byte that a toxic may touch, and when one is added to a connection under way. The end
// of a stream never enters it; an empty chunk stands for it, which a toxic holds back like any byte. So toxics can be added and
// removed at any time: the link is never closing while its toxics change.
//
// A connection holds at most one chunk of 32 KiB each way, and nothing while it is idle. Through toxics it holds at most 64 KiB each way on top; with a latency as much as its window, 4 MiB if none is given;
// with a bandwidth as much as that moves in 20 ms.
//
// Without faults the relayed connection behaves like a direct one: FIN, half-close, RST, unread data at close and
// back-pressure all pass. See [Relay] for what does not. What a plan can hold is told in PLANS.md.
package proxy
