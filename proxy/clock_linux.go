package proxy

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// newTicker is a timerfd in the runtime's poller, or Go's timer where there is no descriptor left.
func newTicker() ticker {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return newPlainTicker()
	}
	return &timerfd{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}
}

type timerfd struct {
	fd   int
	file *os.File
}

func (t *timerfd) set(d time.Duration) {
	_ = unix.TimerfdSettime(t.fd, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, int64(d)))}, nil)
}

func (t *timerfd) wait() bool {
	var expirations [8]byte
	_, err := t.file.Read(expirations[:])
	return err == nil
}

func (t *timerfd) close() { _ = t.file.Close() }
