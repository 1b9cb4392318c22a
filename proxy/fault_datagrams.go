package proxy

import "fmt"

// maxDatagram is the longest payload of a datagram over IPv4, in bytes: 65535, less an IP header of 20 and a UDP header of 8.
const maxDatagram = 65507

// percent is an attribute of faults that strike some datagrams and spare others, by the seed; without it they strike each.
var percent = attribute{name: "percent", unit: "%", min: 1, max: 100, over: datagrams}

// Loss loses datagrams. Which ones [Fault.OnDatagram], [Fault.FromDatagram], [Fault.UntilDatagram] and [Fault.Chance] say.
func Loss() Fault { return fault("loss") }

// Duplicate delivers each datagram once more, right behind the first.
func Duplicate() Fault { return fault("duplicate") }

// Reorder holds a datagram back until the next of its direction has passed, but for 100 ms at most. Those that overtake it are
// spared: struck ones change places with their successors.
func Reorder() Fault { return fault("reorder") }

// Truncate cuts datagrams down to n bytes.
func Truncate(n int64) Fault { return fault("truncate", "bytes", n) }

// CorruptDatagram XORs a byte of the datagram, at an offset of its payload, with 255. What is shorter it spares.
func CorruptDatagram(offset int64) Fault { return fault("corrupt", "at", offset) }

// OnDatagram returns the fault striking the nth datagram of its direction alone, counted from 1.
func (f Fault) OnDatagram(n int64) Fault { return f.FromDatagram(n).UntilDatagram(n + 1) }

// FromDatagram returns the fault beginning with the nth datagram of its direction, counted from 1.
func (f Fault) FromDatagram(n int64) Fault {
	t := f.trigger()
	t.Datagram = n
	f.Trigger = &t
	return f
}

// UntilDatagram returns the fault ending before the nth datagram of its direction, counted from 1.
func (f Fault) UntilDatagram(n int64) Fault {
	u := f.until()
	u.Datagram = n
	f.Until = &u
	return f
}

// Chance returns the fault, of datagrams, striking so many in a hundred of them, by the seed.
func (f Fault) Chance(percent int64) Fault {
	attributes := map[string]int64{"percent": percent}
	for name, v := range f.Attributes {
		if name != "percent" {
			attributes[name] = v
		}
	}
	f.Attributes = attributes
	return f
}

// datagrams are those that it strikes, in words for [Fault.String].
func (f Fault) datagrams() string {
	from, until := f.trigger().Datagram, f.until().Datagram
	switch {
	case until > 0 && until == max(1, from)+1:
		return fmt.Sprintf(", datagram %d", until-1)
	case until > 0:
		return fmt.Sprintf(", datagrams %d to %d", max(1, from), until-1)
	case from > 0:
		return fmt.Sprintf(", from datagram %d on", from)
	}
	return ""
}
