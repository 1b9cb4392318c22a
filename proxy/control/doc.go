// Package control is the HTTP API of `faultwire proxy`: Toxiproxy's, so that its clients work unchanged, on Faultwire's wire.
//
// Beyond Toxiproxy there are, for a proxy p:
//
//	PUT /proxies/p/plan                     arm a whole plan (YAML or JSON, see package proxy), now and for new connections
//	GET /proxies/p/plan                     the plan in force
//	GET /proxies/p/events?since=0&wait=2s   what happened, in order; waits for something new: no need to sleep
//	GET /proxies/p/trace                    what the wire saw
//	GET /proxies/p/connections/3/trace      of one connection, counted from 1
package control
