// Package reference is sound network code to compare with and to copy from: clients and servers for the echo protocol
// (RFC 862), on streams and with datagrams, for messages behind a four-byte length prefix, for lines and for HTTP, under TLS, too; and a
// gateway and a peer.
//
// What makes them sound is little, and all of it is here: a deadline on every operation and one on the whole exchange
// (timedConn), reading until the message is complete and no further (receive), reading while writing (call), an error that
// keeps its kind (moreTelling), a limit on lengths that a stranger sends (lengthOf), and a server whose connections
// share nothing (Serve).
//
// For datagrams it is less: a reply that is known by what it answers, a buffer that none can fill, one deadline that strangers do not
// renew (PacketClient), and an answer from the socket that was asked (PacketServer).
package reference
