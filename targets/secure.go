package targets

import (
	"crypto/tls"
	"net"
)

// trusts is what a client in this process connects with; nil without TLS.
func (t *Target) trusts(addr string) *tls.Config {
	if !t.TLS {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	return t.Credentials.Client(host)
}
