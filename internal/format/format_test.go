package format_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/format"
)

func TestError(t *testing.T) {
	cause := errors.New("broken disk")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{format.At(0x1f0, "page %d is outside", 7), "offset 0x1f0: page 7 is outside"},
		{format.AtLine(12, "no date"), "line 12: no date"},
		{&format.Error{Line: 3, What: "row", Err: cause}, "line 3: row: broken disk"},
		{&format.Error{What: "head", Err: cause}, "offset 0x0: head: broken disk"},
	} {
		if tt.err.Error() != tt.want {
			t.Errorf("got %q, want %q", tt.err, tt.want)
		}
	}
	wrapped := fmt.Errorf("x: %w", &format.Error{What: "head", Err: fmt.Errorf("%w: signature", format.ErrNotThis)})
	if !errors.Is(wrapped, format.ErrNotThis) {
		t.Error("the cause cannot be asked for")
	}
}

// failing gives bytes and an error at once.
type failing struct{ err error }

func (f failing) ReadAt(p []byte, _ int64) (int, error) { return copy(p, "abc"), f.err }

func TestReadAt(t *testing.T) {
	file := strings.NewReader("0123456789")
	if got, err := format.ReadAt(file, 7, 3, 3, "tail"); string(got) != "789" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := format.ReadAt(file, 10, 0, 3, "nothing"); len(got) != 0 || err != nil {
		t.Errorf("no bytes: got %q, %v", got, err)
	}
	for name, tt := range map[string]struct {
		off        int64
		n, limit   int
		says       string
		unexpected bool
	}{
		"past the end":       {8, 3, 100, "offset 0x8: page: 2 of 3 bytes", true},
		"behind the end":     {80, 3, 100, "0 of 3 bytes", true},
		"beyond the limit":   {0, 101, 100, "length 101 is out of bounds (at most 100)", false},
		"a negative length":  {0, -1, 100, "length -1", false},
		"a negative offset":  {-1, 1, 100, "out of bounds", false},
		"an enormous length": {0, math.MaxInt, 100, "out of bounds", false},
	} {
		got, err := format.ReadAt(file, tt.off, tt.n, tt.limit, "page")
		var damage *format.Error
		if got != nil || !errors.As(err, &damage) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, tt.says)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) != tt.unexpected || errors.Is(err, io.EOF) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	disk := errors.New("disk")
	if _, err := format.ReadAt(failing{disk}, 0, 4, 4, "x"); !errors.Is(err, disk) {
		t.Errorf("a reader's own error: got %v", err)
	}
	// An io.ReaderAt may give all bytes and io.EOF together.
	if got, err := format.ReadAt(failing{io.EOF}, 0, 3, 3, "x"); err != nil || !bytes.Equal(got, []byte("abc")) {
		t.Errorf("all bytes with an error: got %q, %v", got, err)
	}
}
