// Package timeout tests deadlines: that they pass when the peer is silent, slow or gone, that they do not pass before, that a
// timeout is told from every other end, and that a server does not wait for ever for a client that does not hurry.
package timeout
