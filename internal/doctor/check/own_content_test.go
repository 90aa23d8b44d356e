package check

import (
	"testing"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// What an update server could not get is an error where somebody has taken that out of a log; a whole log keeps it, and
// does not tell that it came later.
func TestOwnContent(t *testing.T) {
	for excerpt, want := range map[bool]doctor.Severity{true: doctor.Error, false: doctor.Warning} {
		b := evidence.NewBuilder()
		b.Add(said(evidence.DownloadFailed, 1, 0x80190194, evidence.Path, `E:\WSUS\WsusContent\3C\6D1C0E6D7A8F9B0C1D2E3F405162738495A6B73C.cab`))
		if excerpt {
			b.SetExcerpt()
		}
		found := doctor.Examine(b.Set(), []doctor.Check{ServerContentMissing()})
		if len(found) != 1 || found[0].Severity != want || found[0].Confidence != doctor.Likely {
			t.Errorf("excerpt %v: got %+v, want one of severity %v", excerpt, found, want)
		}
	}
}
