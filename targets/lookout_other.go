//go:build !linux

package targets

func (p *program) lookout(string) (stop func() []string) { return func() []string { return nil } }
