//go:build !linux

package proxy

// Elsewhere bytes are copied.
type pipes struct{}

func (p *pipes) close() {}

func (f *flow) splice() (held []byte, err error) { return nil, nil }
