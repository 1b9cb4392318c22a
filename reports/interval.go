package reports

import (
	"fmt"
	"math"
)

// Wilson is the 95 % confidence interval, by E. B. Wilson, of the chance of what was seen k of n times. It is honest about 0 of n,
// which is no proof that it never happens: 0 of 1000 is at most 0.38 %.
func Wilson(k, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	const z = 1.959963984540054 // of the normal distribution, two-sided 95 %
	total, share := float64(n), float64(k)/float64(n)
	scale := 1 + z*z/total
	middle := (share + z*z/(2*total)) / scale
	half := z / scale * math.Sqrt(share*(1-share)/total+z*z/(4*total*total))
	return max(0, middle-half), min(1, middle+half)
}

// Share says k of n, and the interval, in words.
func Share(k, n int) string {
	low, high := Wilson(k, n)
	switch {
	case k == 0:
		return fmt.Sprintf("0 of %d (95 %%: at most %s)", n, percent(high))
	case k == n:
		return fmt.Sprintf("%d of %d (95 %%: at least %s)", k, n, percent(low))
	}
	return fmt.Sprintf("%d of %d (95 %%: %s to %s)", k, n, percent(low), percent(high))
}

func percent(x float64) string {
	switch x *= 100; {
	case x >= 10:
		return fmt.Sprintf("%.0f %%", x)
	case x >= 1:
		return fmt.Sprintf("%.1f %%", x)
	default:
		return fmt.Sprintf("%.2f %%", x)
	}
}
