// Package httpx tests HTTP/1.1: that a client takes a reply for whole only when it is, by whichever of the ways that RFC 9112 §6.3
// knows, that it keeps its deadlines and its connections, and does not send twice what was meant once; that a server answers what was
// asked, however it came, and nothing that was not asked to the end; and that a gateway neither hides nor waits for ever for what goes
// wrong behind it.
package httpx
