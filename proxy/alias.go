package proxy

import (
	"net"
	"net/netip"
)

// from is the socket that stands for the address; nil if there is none left.
func (r *DatagramRelay) from(other netip.AddrPort) *net.UDPConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.shut:
		return nil
	case !other.IsValid():
		return r.door
	}
	a := r.aliases[other]
	if a == nil {
		if a = r.alias(other); a == nil {
			return nil
		}
		r.aliases[other] = a
	}
	return a.conn
}

// An alias is a socket whose address stands for one that answers in the upstream's stead.
type alias struct{ conn *net.UDPConn }

// alias opens one: on the same address as its original and the relay's port, if that is another address than the relay's, for
// then only the address differs, as it did; else on another port. The caller holds mu.
func (r *DatagramRelay) alias(of netip.AddrPort) *alias {
	if len(r.aliases) == maxAliases {
		return nil
	}
	try := []*net.UDPAddr{{IP: r.addr.IP}}
	if ip := net.IP(of.Addr().AsSlice()); ip.IsLoopback() && !ip.Equal(r.addr.IP) && !r.addr.IP.IsUnspecified() {
		try = []*net.UDPAddr{{IP: ip, Port: r.addr.Port}, {IP: ip}, {IP: r.addr.IP}}
	}
	for _, at := range try {
		if conn, err := net.ListenUDP("udp", at); err == nil {
			_ = conn.SetReadBuffer(roomInKern)
			r.work.Go(func() { r.answer(conn, of) })
			return &alias{conn}
		}
	}
	return nil
}
