package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
)

// chain runs the rest of the stream through a link of Toxiproxy's with this flow's toxics. The end of the stream never
// enters the link: an empty chunk stands for it, so that the toxics can be changed, and removed, at any time.
func (f *flow) chain(rest []byte) {
	f.rest = rest
	if !f.link() {
		return
	}
	for {
		c, ok := f.lane.get()
		switch {
		case !ok:
			return
		case c.n == 0:
			f.finish()
			return
		}
		f.pass(c.buf[:c.n])
		f.lane.pool.put(c.buf)
	}
}

// link starts the link, unless the connection is over.
func (f *flow) link() bool {
	p := f.pair
	p.ops.Lock()
	defer p.ops.Unlock()
	if p.aborted.raised() {
		return false
	}
	if p.chain == nil {
		p.chain = toxiproxy.NewProxy(p.relay.toxics, "faultwire", "", "")
	}
	f.left.Store(f.moved.count())
	for _, a := range *f.toxics.Load() {
		f.attach(a)
	}
	direction := stream.Upstream
	if f.stream == Downstream {
		direction = stream.Downstream
	}
	f.chained = true
	p.work.Add(1) // for the input edge, which runs in a goroutine of the link's and may start a watch
	p.chain.Toxics.StartLink(p.relay.toxics, string(f.stream), (*inputEdge)(f), (*outputEdge)(f), direction)
	return true
}

// attach puts the fault's toxic into the chain, running or not. The caller holds pair.ops.
func (f *flow) attach(a *armed) {
	defer f.lane.open()() // the last toxic cannot be interrupted while it writes, if it is the link's own
	text, err := json.Marshal(map[string]any{"name": a.ID(), "type": registered(a.Type), "stream": f.stream, "toxicity": 1, "attributes": struct{}{}})
	if err != nil {
		panic(err) // strings
	}
	wrapper, err := f.pair.chain.Toxics.AddToxicJson(bytes.NewReader(text))
	if err != nil {
		panic(fmt.Sprintf("toxiproxy rejects a toxic of ours: %s: %v", a.Fault, err)) // the plan was validated
	}
	wrapper.Toxic.(attachable).attach(a, f.left.Load())
}

// detach takes the fault's toxic out of the running chain, and lets go of what it holds. The caller holds pair.ops.
func (f *flow) detach(a *armed) {
	defer f.lane.open()()
	_ = f.pair.chain.Toxics.RemoveToxic(context.Background(), a.ID())
}

// unchain takes all toxics out, from the last to the first: what a toxic lets go of runs into those behind it. The caller
// holds pair.ops.
func (f *flow) unchain() {
	if !f.chained {
		return
	}
	for _, a := range slices.Backward(*f.toxics.Load()) {
		f.detach(a)
	}
}

// An inputEdge is what the link reads from: the sender's socket.
type inputEdge flow

// Read is never called: io.Copy prefers WriteTo.
func (e *inputEdge) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

// WriteTo feeds the link until the connection is over. It keeps at most the window's bytes under way.
func (e *inputEdge) WriteTo(w io.Writer) (int64, error) {
	f := (*flow)(e)
	defer f.pair.work.Done()
	over := func() (int64, error) {
		<-f.pair.unchained.ch
		return f.read.Load(), nil
	}
	end := func() (int64, error) {
		_, _ = w.Write(nil)
		return over()
	}
	if len(f.rest) > 0 {
		_, _ = w.Write(f.rest)
		f.rest = nil
	}
	if f.ended.raised() {
		return end()
	}
	for {
		select {
		case <-f.moved.reached(f.read.Load() + chunkSize - f.window()):
		case <-f.pair.aborted.ch:
			return over()
		}
		buf, n, err := f.take(never)
		if n > 0 {
			f.read.Add(int64(n))
			_, _ = w.Write(buf[:n])
			f.lane.pool.put(buf)
		}
		switch {
		case errors.Is(err, errGone):
			return over()
		case err != nil:
			return end()
		}
	}
}

// What a connection keeps under way through toxics, each way. It is little, so that a receiver that does not read holds the
// sender back; but a latency needs room for what is on its way (4 MiB let 13 MB a second through 300 ms), and a fast link for
// as much as it moves while the relay does not get a turn.
const (
	narrowWindow  = 64 << 10
	latencyWindow = 4 << 20
)

// window is how many bytes may be between the edges.
func (f *flow) window() int64 {
	toxics := *f.toxics.Load()
	w := int64(narrowWindow)
	if len(toxics) == 1 && toxics[0].Type == "bandwidth" {
		w = chunkSize
	}
	for _, a := range toxics {
		switch given, ok := a.Attributes["window"]; {
		case ok:
			w = max(chunkSize, given)
		case a.Type == "latency":
			w = max(w, latencyWindow)
		case a.Type == "bandwidth":
			perMillisecond := a.Attributes["rate"]
			w = max(w, min(latencyWindow, perMillisecond*maxDebt.Milliseconds()))
		}
	}
	return w
}

// An outputEdge is what the link writes to: the lane.
type outputEdge flow

// Write is never called: io.Copy prefers ReadFrom.
func (e *outputEdge) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

// ReadFrom takes each chunk as it left the toxics. The buffer has room for the largest, so that no two are merged.
func (e *outputEdge) ReadFrom(r io.Reader) (total int64, err error) {
	f := (*flow)(e)
	for {
		buf := f.lane.pool.get()
		n, err := r.Read(buf[:])
		if err != nil {
			f.lane.pool.put(buf)
			return total, nil
		}
		total += int64(n)
		f.left.Add(int64(n))
		f.lane.put(chunk{buf, n})
	}
}

// Close is called when the link has ended, which only the end of the connection makes it do.
func (e *outputEdge) Close() error { return nil }
