package suites

import (
	"context"
	"time"
)

// Lateness is how late a witness is on this machine now, at worst, that attends for so long: what cases are judged by beside which it
// stands.
func Lateness(ctx context.Context, attend time.Duration) (time.Duration, error) {
	s, err := newStand()
	if err != nil {
		return 0, err
	}
	defer s.close()
	w, err := s.call()
	if err != nil {
		return 0, err
	}
	waits(ctx, nil, attend)
	w.dismiss()
	worst, _ := w.late(time.Time{})
	return worst, nil
}

// AtOnce is how many pairs run at once on this machine, and how many descriptors this process may open.
func AtOnce() (pairs, descriptors int) { return cap(newPool().slots), descriptorLimit() }
