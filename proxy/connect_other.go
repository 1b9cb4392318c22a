//go:build !unix

package proxy

import (
	"errors"
	"fmt"
	"net"
)

func bind(address string, blackhole bool) (net.Addr, func(), error) {
	return nil, nil, fmt.Errorf("binding %s without accepting: %w", address, errors.ErrUnsupported)
}
