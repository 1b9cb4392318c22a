// Package peer tests programs that are both: they ask others, and others ask them, at the same time. What happens to one of the two
// must not stop the other, and when the network is whole again both must work.
package peer
