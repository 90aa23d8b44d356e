package cab_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/testdata"
	write "github.com/redx-update/redx/internal/write/cab"
)

func FuzzOpen(f *testing.F) {
	text := bytes.Repeat([]byte("some text, and then some more of it; "), 30)
	for _, o := range []write.Options{{}, {Method: write.MSZIP}, {Method: write.LZX, Window: 15}} {
		b, err := write.Encode([]write.File{
			write.Bytes("a", time.Time{}, text), write.Bytes(`b\é`, time.Time{}, text[7:400]),
		}, o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	testdata.Seeds(f, "windows/cab/*")
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := cab.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		var total int64
		_ = c.Each(func(file cab.File, r io.Reader) error {
			n, err := io.Copy(io.Discard, io.LimitReader(r, 1<<20))
			if n > file.Size || err == nil && n < min(file.Size, 1<<20) {
				t.Fatalf("%d of %d bytes, and no error", n, file.Size)
			}
			if total += n; total > 4<<20 {
				return io.EOF
			}
			return nil
		})
		for _, file := range c.Files()[:min(2, len(c.Files()))] {
			if r, err := c.Open(file); err == nil {
				_, _ = io.Copy(io.Discard, io.LimitReader(r, 1<<16))
			}
		}
	})
}
