// Package connect tests how a connection begins: what a client makes of a server that refuses, says nothing or hangs up at
// once, and whether a server goes on accepting when its visitors leave, abort or only sit there.
package connect
