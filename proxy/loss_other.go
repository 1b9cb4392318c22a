//go:build !linux

package proxy

import (
	"errors"
	"fmt"
	"syscall"
)

func dropPackets(syscall.RawConn, int64) error { return errors.ErrUnsupported }

func keepPackets(syscall.RawConn) error { return errors.ErrUnsupported }

func closeSilently(syscall.RawConn) {}

func canLose() error { return fmt.Errorf("%w: packets are lost on Linux only", errors.ErrUnsupported) }
