//go:build !linux

package proxy

import "net"

// listenHearing opens a socket. That it hears of a closed port it sent to is Linux's.
func listenHearing(at *net.UDPAddr) (*net.UDPConn, error) { return net.ListenUDP("udp", at) }
