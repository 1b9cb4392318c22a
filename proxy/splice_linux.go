package proxy

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A pipe holds bytes on their way from one socket to another, which never see user space.
type pipe struct{ r, w int }

// pipeSize is what a pipe is asked to hold; an unprivileged user's budget may allow less.
const pipeSize = 1 << 20

// pipes keeps a few pipes for reuse. A pipe in use is one connection's that moves bulk.
type pipes struct {
	mu   sync.Mutex
	idle []pipe
}

const maxIdlePipes = 8

func (p *pipes) get() (pipe, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		last := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return last, nil
	}
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return pipe{}, os.NewSyscallError("pipe2", err)
	}
	_, _ = unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, pipeSize)
	return pipe{fds[0], fds[1]}, nil
}

// put takes a pipe back; one that is not empty is of no more use.
func (p *pipes) put(back pipe, empty bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if empty && len(p.idle) < maxIdlePipes {
		p.idle = append(p.idle, back)
		return
	}
	back.close()
}

func (p *pipes) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, idle := range p.idle {
		idle.close()
	}
	p.idle = nil
}

func (p pipe) close() {
	_ = unix.Close(p.r)
	_ = unix.Close(p.w)
}

// splice moves bytes from socket to socket inside the kernel while they come in bulk and no fault waits for one of them. It
// returns when that is over: held is what was read meanwhile and not passed on, err how the stream ended.
func (f *flow) splice() (held []byte, err error) {
	if f.src.virtual != nil || !f.free() || f.spare() < pipeSize || f.pair.log.wantsHead(f.stream) {
		return nil, nil
	}
	pipe, err := f.pair.relay.pipes.get()
	if err != nil {
		return nil, nil // out of descriptors: bytes are copied as before
	}
	empty := true
	defer func() { f.pair.relay.pipes.put(pipe, empty) }()
	for f.free() {
		limit := min(f.spare(), pipeSize)
		if limit < pipeSize {
			return nil, nil
		}
		n, err := f.src.spliceFrom(pipe, int(limit))
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
			return nil, nil // these sockets cannot: bytes are copied as before
		}
		if n == 0 {
			return nil, f.noteEnd(err)
		}
		f.pair.log.received(f.stream, n, nil)
		if !f.free() || f.spare() < n { // a fault was added while the socket was waited for
			held = make([]byte, n)
			_, err := io.ReadFull(pipe, held)
			empty = err == nil
			return held, nil
		}
		f.read.Add(n)
		if empty = f.pour(pipe, n); !empty {
			return nil, nil
		}
		if n < chunkSize {
			return nil, nil // no bulk any more
		}
	}
	return nil, nil
}

// pour writes the n bytes in the pipe to the receiver; false if the receiver is gone.
func (f *flow) pour(p pipe, n int64) bool {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.stuck.Store(int64(f.pair.relay.rec.now()) + 1)
	wrote, err := f.dst.spliceTo(p, n, func(n int64) { f.wrote(n, nil) })
	f.stuck.Store(0)
	f.moved.add(n)
	if err != nil || wrote < n {
		f.unheard()
		return false
	}
	return true
}

// Read reads what the pipe holds.
func (p pipe) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(p.r, b)
		if err != unix.EINTR {
			return max(0, n), err
		}
	}
}

// spliceFrom moves at most limit bytes from the socket to the pipe, once there are some. 0 is an end.
func (e *end) spliceFrom(p pipe, limit int) (n int64, err error) {
	wait := e.raw.Read(func(fd uintptr) bool {
		for {
			n, err = unix.Splice(int(fd), nil, p.w, nil, limit, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
			if err != unix.EINTR {
				break
			}
		}
		return err != unix.EAGAIN
	})
	switch {
	case wait != nil:
		return 0, wait
	case n > 0:
		return n, nil
	case err == nil:
		return 0, io.EOF
	}
	return 0, err
}

// spliceTo moves n bytes from the pipe to the socket and reports each part.
func (e *end) spliceTo(p pipe, n int64, moved func(int64)) (total int64, err error) {
	e.writing.Lock()
	defer e.writing.Unlock()
	for total < n {
		var k int64
		wait := e.raw.Write(func(fd uintptr) bool {
			for {
				k, err = unix.Splice(p.r, nil, int(fd), nil, int(n-total), unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
				if err != unix.EINTR {
					break
				}
			}
			return err != unix.EAGAIN
		})
		if wait != nil {
			return total, wait
		}
		if err != nil || k == 0 {
			if errors.Is(err, unix.ECONNRESET) {
				e.resetByWrite = true
			}
			return total, err
		}
		total += k
		moved(k)
	}
	return total, nil
}
