package proxy

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// What corrupts from a moment on corrupts so many bytes from there, however many came before.
func TestCorruptFromAMomentOn(t *testing.T) {
	g := NewWithT(t)
	began := time.Now()
	s := newSpan(Corrupt(2, 0xff).At(100*time.Millisecond).UntilByte(2), 0, began)
	inside := func(offset int64, after time.Duration) (n int64, in bool) {
		return s.next(offset, []byte("12345"), began.Add(after))
	}
	n, in := inside(0, 0)
	g.Expect(in).To(BeFalse())
	g.Expect(n).To(Equal(int64(5)))
	n, in = inside(5, 100*time.Millisecond)
	g.Expect(in).To(BeTrue())
	g.Expect(n).To(Equal(int64(2)))
	_, in = inside(7, 101*time.Millisecond)
	g.Expect(in).To(BeFalse())
}
