// Package disconnect tests how a connection ends: too early or in good time, in order (a FIN) or not (an RST), by one side or
// by both. A client must not take half a reply for a whole one; a server must outlive whatever its clients do, and end its
// own side as it should.
package disconnect
