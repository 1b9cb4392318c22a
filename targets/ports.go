package targets

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// reservePort returns a port that is free on every local address, and that no other reservation on this machine gets
// before release. It lies outside the range that the kernel gives to outgoing connections, one of which could otherwise
// take the port before the server does.
func reservePort(of network) (port int, release func(), err error) {
	first, last := candidates(localPortRange())
	n := last - first + 1
	// Begin anywhere: a port just given back may still be kept busy by connections in TIME-WAIT.
	for i, begin := 0, rand.IntN(n); i < n; i++ {
		port := first + (begin+i)%n
		release, err := claim(of, port)
		if err != nil {
			continue // another's reservation
		}
		if free(of, port) {
			return port, release, nil
		}
		release()
	}
	return 0, nil, errors.New("no free port from " + fmt.Sprintf("%d to %d; end what occupies them", first, last))
}

// candidates are ports outside [low, high]: those below it if there are many, else those above it. Where there are neither
// any port has to do.
func candidates(low, high int) (first, last int) {
	const many, unprivileged, span = 1000, 1024, 12 << 10
	switch {
	case low-unprivileged >= many:
		return max(unprivileged, low-span), low - 1
	case 65535-high >= many:
		return high + 1, 65535
	}
	return 20000, 32767
}
