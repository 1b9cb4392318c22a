//go:build !linux

package proxy

func newTicker() ticker { return newPlainTicker() }
