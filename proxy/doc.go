// Package proxy is the wire: a TCP relay that is exact where Toxiproxy is not, and hostile where a plan says so.
//
//	target ⇄ edge ⇄ Toxiproxy toxic links ⇄ edge ⇄ reference
//
// The listener, the dialer and both edges are this package's; between them run Toxiproxy's own links, one never-started
// Toxiproxy proxy a connection, its chain complete before the first byte. An edge counts bytes, writes the trace, applies
// the faults that are exact to the byte, and keeps draining after its peer is gone.
//
// Without faults the relayed connection behaves like a direct one: FIN, half-close, RST, unread data at close and
// back-pressure all pass. See [Relay] for what does not.
package proxy
