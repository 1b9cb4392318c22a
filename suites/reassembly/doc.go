// Package reassembly tests that a message means the same however the stream was cut: into two, into single bytes, at random,
// or not at all; whatever its size and its bytes, alone or among others.
package reassembly
