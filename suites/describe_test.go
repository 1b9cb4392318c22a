package suites

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestWhatIsDoneOftenIsToldOnce(t *testing.T) {
	for told, want := range map[string]string{
		"connects, sends request 1, reads reply 1, sends request 2, reads reply 2, sends request 3, reads reply 3, closes (FIN)": "" +
			"connects, sends request 1, reads reply 1, and so on, 3 times in all, closes (FIN)",
		"connects, waits, waits, waits, waits, closes":                    "connects, waits, and so on, 4 times in all, closes",
		"connects, sends the request, reads the reply, sends the request": "connects, sends the request, reads the reply, sends the request",
		"sends a, waits, sends a, waits, closes":                          "sends a, waits, sends a, waits, closes",
		"connects":                                                        "connects",
	} {
		NewWithT(t).Expect(condensed(told)).To(Equal(want))
	}
}
