// Package datagram tests UDP: that a datagram which is lost, doubled, late or in the wrong place does no harm, that none is cut in
// silence, that an empty one is no end, and that a reply is taken, and sent, by where it belongs.
package datagram
