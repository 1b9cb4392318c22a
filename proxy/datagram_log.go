package proxy

// came and left note a datagram at the input and the output edge.
func (l *log) came(stream Stream, p parcel) {
	at := l.rec.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.flow(stream)
	extend(&f.FirstIn, &f.LastIn, at)
	e := Event{At: at, Stream: stream, What: "in", Offset: f.In, Bytes: int64(len(p.data)), Datagram: p.number}
	if p.other.IsValid() && stream == Downstream {
		e.From = p.other.String()
	}
	l.keep(e)
	f.In += int64(len(p.data))
	f.DatagramsIn++
	l.head(stream, Upstream, p.data)
}

// left notes one that came, in the upstream's stead, from another address than the relay's.
func (l *log) left(stream Stream, p parcel, from string) {
	at := l.rec.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.flow(stream)
	extend(&f.FirstOut, &f.LastOut, at)
	l.keep(Event{At: at, Stream: stream, What: "out", Offset: f.Out, Bytes: int64(len(p.data)), Datagram: p.number, From: from})
	f.Out += int64(len(p.data))
	f.DatagramsOut++
	l.head(stream, Downstream, p.data)
}

// fate notes what became of a datagram, and by which fault; see [DatagramRelay].
func (l *log) fate(stream Stream, number int64, what, fault string) {
	at := l.rec.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keep(Event{At: at, Stream: stream, What: what, Offset: l.flow(stream).In, Datagram: number, Fault: fault})
}
