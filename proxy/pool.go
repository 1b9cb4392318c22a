package proxy

import "sync"

// chunkSize is what is read at a time. It is also what Toxiproxy's links move at a time.
const chunkSize = 32 << 10

// maxChunk is the largest chunk that may leave a toxic.
const maxChunk = 64 << 10

// buffers are reused between reads, so that a connection without traffic holds none.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() *[maxChunk]byte {
	if p, ok := b.pool.Get().(*[maxChunk]byte); ok {
		return p
	}
	return new([maxChunk]byte)
}

func (b *buffers) put(p *[maxChunk]byte) { b.pool.Put(p) }
