package proxy

import (
	"errors"
	"fmt"
	"math/bits"
)

// A medium is what a relay carries, and a fault strikes. A kind of fault may be for several.
type medium int

const (
	streams   medium = 1 << iota // see [Relay]
	datagrams                    // see [DatagramRelay]
)

func (m medium) String() string {
	if m == datagrams {
		return "datagrams"
	}
	return "streams"
}

// media are what faults of the kind can strike.
func (k kind) media() []medium {
	var all []medium
	for _, m := range []medium{streams, datagrams} {
		if k.strikesIn(m) {
			all = append(all, m)
		}
	}
	return all
}

func (k kind) strikesIn(m medium) bool { return k.over&m != 0 || k.over == 0 && m == streams }

// unfit says why no medium can have the fault as it is written. Of two whose faults are of the type it is the one meant: a
// fault that counts datagrams is theirs.
func (f Fault) unfit(k kind) (key, why string) {
	t, u := f.trigger(), f.until()
	for _, m := range k.media() {
		otherKey, otherWhy := f.unfitFor(k, m)
		if otherWhy == "" {
			return "", ""
		}
		if why == "" || m == datagrams && (t.Datagram != 0 || u.Datagram != 0) {
			key, why = otherKey, otherWhy
		}
	}
	return key, why
}

// unfitFor says why the medium cannot have the fault as it is written; empty if it can.
func (f Fault) unfitFor(k kind, m medium) (key, why string) {
	if !k.strikesIn(m) {
		return "type", fmt.Sprintf("%s is a fault of %s, and these are %s", f.Type, k.media()[0], m)
	}
	for _, a := range k.attributes {
		if _, given := f.Attributes[a.name]; given && a.over&m == 0 && a.over != 0 {
			return "attributes." + a.name, fmt.Sprintf("of %s, %s has no such attribute", m, f.Type)
		}
	}
	if m == datagrams {
		return f.badCount(k)
	}
	return f.badTrigger(k)
}

// badCount says what is wrong with the fault's beginning or end, among datagrams.
func (f Fault) badCount(k kind) (key, why string) {
	t, u := f.trigger(), f.until()
	const counted = "datagrams are struck whole: begin at a datagram or at a time"
	switch {
	case f.Trigger != nil && !k.begins:
		return "trigger", f.Type + " takes no trigger"
	case t.Byte != 0:
		return "trigger.byte", counted
	case t.Match != nil:
		return "trigger.match", counted
	case t.Opposite != 0:
		return "trigger.opposite", counted
	case t.Datagram < 0:
		return "trigger.datagram", fmt.Sprintf("%d is negative; datagrams count from 1", t.Datagram)
	case t.Time != nil && (*t.Time < 0 || *t.Time > day):
		return "trigger.time", fmt.Sprintf("%d is out of range 0 to %d ms", *t.Time, day)
	case t.Time != nil && t.Datagram > 0:
		return "trigger.time", "a fault begins either at a time or at a datagram"
	case f.Until == nil:
		return "", ""
	case !k.begins:
		return "until", f.Type + " takes no end"
	case u.Byte != 0:
		return "until.byte", "datagrams are struck whole: end at a datagram or after a time"
	case u.Datagram < 0 || u.For < 0 || u.For > day:
		return "until", "is out of range"
	case u.Datagram > 0 && u.Datagram <= max(1, t.Datagram):
		return "until.datagram", fmt.Sprintf("%d is not behind datagram %d, where it begins", u.Datagram, max(1, t.Datagram))
	case u.Datagram == 0 && u.For == 0:
		return "until", "says neither datagram nor for"
	}
	return "", ""
}

// validateOver is Validate, and whether the faults are of this medium.
func (p Plan) validateOver(m medium) error {
	if err := p.Validate(); err != nil {
		return err
	}
	var errs []error
	for _, f := range p.Faults {
		if key, why := f.unfitFor(kinds[f.Type], m); why != "" {
			errs = append(errs, &InvalidFault{f.ID(), key, why})
		}
	}
	return errors.Join(errs...)
}

// alike reports whether the kind is the same in each medium, so that its schema needs no alternatives.
func (k kind) alike() bool { return bits.OnesCount(uint(k.over)) < 2 || !k.begins }
