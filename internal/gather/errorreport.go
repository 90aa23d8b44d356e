package gather

import (
	"bytes"

	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/format/wer"
)

// readErrorReport reads an error report that a failed update has left, for its code.
func readErrorReport(in *input) error {
	r, err := wer.Read(in.lines())
	if r != nil && r.Kind() != wer.Other {
		if c, at, ok := r.Code(); ok {
			in.out.Code(c, in.line(at.Line), []byte(r.EventType+": "+at.Name+" "+at.Value))
		}
	}
	return err
}

// sniffErrorReport knows a Report.wer by its first keys.
func sniffErrorReport(head []byte) bool {
	lines := textline.NewReader(bytes.NewReader(head))
	for n := 0; n < 3 && lines.Next(); n++ {
		if bytes.HasPrefix(lines.Bytes(), []byte("EventType=")) {
			return true
		}
	}
	return false
}
