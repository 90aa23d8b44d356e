package install

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

func FuzzJournal(f *testing.F) {
	r := record{
		Version: journalVersion, Image: "abababababababababababababababab", Began: time.Unix(1764000000, 0).UTC(),
		Update: update.Ref{ID: update.ID{GUID: guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"), Revision: 1}}, Phase: applying,
		Acts: []act{{Path: `C:\Windows\x.dll`, Old: true}}, Made: []string{`C:\Program Files\x`},
	}
	b, err := json.Marshal(&r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	i := &Installer{Windows: `C:\Windows`, State: `C:\ProgramData\redx\agent`}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := readRecord(b)
		if err != nil {
			return
		}
		for _, a := range r.Acts {
			if i.mayWrite(a.Path) && !below(a.Path, `C:\Windows`) && !below(a.Path, `C:\Program Files`) && !below(a.Path, `C:\Program Files (x86)`) && !below(a.Path, `C:\ProgramData`) {
				t.Errorf("it may write %q", a.Path)
			}
		}
	})
}
