//go:build !linux

package targets

func (p *program) usage() (Usage, bool)           { return Usage{}, false }
func (p *program) limitDescriptors(more int) bool { return false }
