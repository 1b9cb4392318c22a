package proxy

// lose makes packets of the connection get lost until the fault is gone: all of them, both ways, for vanish, or some of those
// that this stream's sender sends. It returns false if the kernel refused.
func (f *flow) lose(a *armed) bool {
	p := f.pair
	ends, percent := []*end{f.src}, a.Attributes["percent"]
	if a.Type == "vanish" {
		ends, percent = []*end{p.client, p.server}, 100
		f.flush()
		p.up.paused.Store(a) // nothing is sent any more, either
		p.down.paused.Store(a)
	}
	for _, e := range ends {
		if dropPackets(e.raw, percent) != nil {
			a.gone.raise()
			return false
		}
		e.silent.Store(a.Type == "vanish")
	}
	p.work.Go(func() {
		select {
		case <-a.gone.ch:
			for _, e := range ends {
				e.silent.Store(false)
				_ = keepPackets(e.raw)
			}
		case <-p.aborted.ch:
		}
	})
	return true
}
