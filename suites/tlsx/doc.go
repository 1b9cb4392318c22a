// Package tlsx tests TLS as a layer under the other protocols: that a client trusts whom it should and nobody else, that it does not
// wait for ever for a handshake, that a stream that was cut is not taken for one that has ended, and that damage is noticed.
package tlsx
