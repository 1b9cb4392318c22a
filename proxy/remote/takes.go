package remote

import (
	"errors"

	"github.com/faultwire/faultwire/proxy"
)

// Unsupported is a fault that stock Toxiproxy does not have, or not as it is meant. It wraps [errors.ErrUnsupported].
type Unsupported struct {
	Fault proxy.Fault
	What  string // of the fault cannot be had: its type, or the whole of it
	Why   string
}

func (e *Unsupported) Error() string { return "needs " + e.What + "; Toxiproxy cannot: " + e.Why }

// Unwrap makes it an [errors.ErrUnsupported].
func (e *Unsupported) Unwrap() error { return errors.ErrUnsupported }

// Takes reports the first fault that stock Toxiproxy does not inject as it is meant, as an [Unsupported]; or what is wrong with
// the plan.
func Takes(plan proxy.Plan) error {
	if err := plan.Validate(); err != nil {
		return err
	}
	for _, f := range plan.Faults {
		if why := lacksType(f.Type); why != "" {
			return &Unsupported{f, f.Type, why}
		}
		if why := lacksDetail(f); why != "" {
			return &Unsupported{f, f.String(), why}
		}
	}
	return nil
}

func lacksType(t string) string {
	switch t {
	case "latency", "bandwidth", "slicer", "limit_data", "slow_close", "timeout":
		return ""
	case "reset_peer":
		return "its own swallows the bytes that it should let pass first"
	}
	return "it has no such toxic"
}

func lacksDetail(f proxy.Fault) string {
	_, window := f.Attributes["window"]
	switch {
	case f.Trigger != nil:
		return "its toxics begin with the connection"
	case f.Until != nil:
		return "its toxics last as long as the connection"
	case f.Connection != 0:
		return "its toxics strike every connection"
	case f.Toxicity != 1:
		return "its toxicity follows no seed, and it does not tell what it drew"
	case window:
		return "its latency holds back as much as comes"
	}
	return ""
}
