package ese_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/write/ese"
)

// esedbexport unpacks all three ways where the value stands in the record and is Unicode; compressed text of another
// code page it prints as if it were Unicode (go-ese, in the bench module, reads that one right).
func TestCompressedTextInTheRecord(t *testing.T) {
	for _, how := range []ese.Compression{ese.Plain, ese.SevenBit, ese.XPRESS} {
		for _, size := range []int{4096, 32768} {
			t.Run(fmt.Sprintf("%d page=%d", how, size), func(t *testing.T) {
				compressed(t, size, ese.Column{Name: "Text", Type: ese.LongText, Compress: how})
			})
		}
	}
}

func compressed(t *testing.T, size int, column ese.Column) {
	t.Helper()
	var texts []string
	for i := 1; i < 60; i++ {
		texts = append(texts, strings.Repeat("http://download.example/softwareupdate/windows ", 10)[:5*i%300+i])
	}
	b, err := ese.Build(ese.Options{PageSize: size}, func(db *ese.DB) error {
		tab, err := db.Table("tbTest", []ese.Column{column})
		for _, s := range texts {
			if err == nil {
				err = tab.Add(ese.Row{"Text": s})
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got := export(t, b)["tbTest"]
	for i, want := range texts {
		if got[i+1][0] != want {
			t.Errorf("value %d: %q, want %q", i, got[i+1][0], want)
		}
	}
}
