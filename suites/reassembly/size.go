package reassembly

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.RegisterFamily("bytes", []int{1, 1023, 1024, 1025, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 65537, 131072, 16 << 20}, func(size int) cases.Case {
	return cases.Case{
		ID:       "tcp.reassembly.size",
		Title:    "handles a message of a size at which buffers end",
		Level:    cases.Must,
		Quick:    size == 1025 || size == 65537,
		Role:     cases.Both,
		Speaks:   cases.Connections,
		Basis:    cases.Practice(cases.Reassemble, "a message arrives whole whatever its size"),
		Since:    "0.1",
		Full:     size > 1<<20,
		Exchange: fixtures.Echo(size),
		Expect:   cases.HaveDelivered(),
		Why: "Buffers are 1024, 4096 or 65536 bytes because programmers like round numbers, and mistakes live at their " +
			"edges. A program that reads once with a buffer of 1024 loses the 1025th byte and all behind it. One that " +
			"counts from one instead of zero drops a single byte each time a buffer is exactly full. One that keeps the " +
			"length in 16 bits takes 65536 for zero.",
		Fix: "Go: io.ReadFull(conn, make([]byte, length)) with the length as an int, not a uint16; use buf[:n] after a Read.\n" +
			"Python: loop over recv() until all is there; a message longer than recv()'s argument comes in several parts.\n" +
			"Node: Buffer.concat(chunks) until the length is reached; one chunk is at most 65536 bytes.\n" +
			"Java: in.readNBytes(length); after n = read(buf) only the first n bytes of buf are new.",
	}
})
