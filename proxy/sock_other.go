//go:build !linux

package proxy

import "syscall"

// Without Linux's queue queries the wire cannot know what the peer has received: resets wait a fixed time instead, slices
// go unconfirmed, and an RST behind a FIN is not passed on.

func unsent(syscall.RawConn) (int, bool) { return 0, false }

func queued(syscall.RawConn) (int, bool) { return 0, false }

func discardQueued(syscall.RawConn) {}

func dead(syscall.RawConn) bool { return true } // unknown: the careful way

func awaitDead(syscall.RawConn) bool { return false }

// smallBuffers leaves them as they are.
func smallBuffers(_, _ string, _ syscall.RawConn) error { return nil }
