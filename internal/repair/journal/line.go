package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// sum is the digest of a line, which goes into the next.
type sum [sha256.Size]byte

// line is the form of a line: the digest covers the line before it, its number and its data.
type line struct {
	Seq  int             `json:"seq"`
	Sum  string          `json:"sum"`
	Data json.RawMessage `json:"data"`
}

func digest(before sum, seq int, data []byte) sum {
	head := fmt.Appendf(nil, "%x %d ", before, seq)
	return sha256.Sum256(append(head, data...))
}

// encodeLine gives the line with its end, and its digest.
func encodeLine(before sum, seq int, data any) ([]byte, sum, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, sum{}, err
	}
	s := digest(before, seq, raw)
	text, err := json.Marshal(line{seq, hex.EncodeToString(s[:]), raw})
	if err != nil {
		return nil, sum{}, err
	}
	if len(text) >= maxLine {
		return nil, sum{}, fmt.Errorf("line %d of a journal has %d bytes, more than %d", seq, len(text), maxLine)
	}
	return append(text, '\n'), s, nil
}

// decodeLine reports whether the text, without its end, is the line with that number behind the one before. The form
// is taken literally: what encodes to other bytes is no line of ours.
func decodeLine(text []byte, before sum, seq int) (data []byte, s sum, ok bool) {
	var l line
	if len(text) >= maxLine || json.Unmarshal(text, &l) != nil || l.Seq != seq {
		return nil, sum{}, false
	}
	s = digest(before, seq, l.Data)
	again, err := json.Marshal(line{seq, hex.EncodeToString(s[:]), l.Data})
	return l.Data, s, err == nil && bytes.Equal(again, text)
}

// strict decodes JSON that must not have fields it does not know.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("more behind the data")
	}
	return nil
}
