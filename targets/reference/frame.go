package reference

import (
	"encoding/binary"
	"fmt"

	"github.com/faultwire/faultwire/fixtures"
)

// prefixSize is the length prefix: an unsigned 32-bit number, most significant byte first.
const prefixSize = 4

// lengthOf is the length that a whole prefix announces. It is a stranger's claim (CWE-789): more than [fixtures.MaxFrame]
// is an error, before anything is allocated or awaited on its account. Zero is the length of an empty message, not an end.
func lengthOf(prefix []byte) (int64, error) {
	length := int64(binary.BigEndian.Uint32(prefix))
	if length > fixtures.MaxFrame {
		return 0, fmt.Errorf("%w: a message announces %d bytes, the limit is %d", fixtures.ErrMalformed, length, fixtures.MaxFrame)
	}
	return length, nil
}
