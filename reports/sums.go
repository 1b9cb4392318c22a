package reports

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// sumsFile is what sha256sum -c checks the other files of a report with. It is written last: a report without it is not whole.
const sumsFile = "SHA256SUMS"

// sums are the sums of files, by name.
type sums map[string][sha256.Size]byte

func (s sums) add(name string, content []byte) { s[name] = sha256.Sum256(content) }

// file is the sums in the form of sha256sum.
func (s sums) file() []byte {
	var b bytes.Buffer
	for _, name := range sortedKeys(s) {
		fmt.Fprintf(&b, "%x  %s\n", s[name], name)
	}
	return b.Bytes()
}
