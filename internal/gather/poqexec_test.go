package gather_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/winbin"
)

// A failed operation at a start of Windows counts only where the log ends with it: a later line means that it went on.
func TestPoqexec(t *testing.T) {
	at := winbin.PutFiletime(time.Date(2024, 1, 11, 2, 0, 0, 0, time.UTC))
	line := func(text string) string { return fmt.Sprintf("%x: %s\r\n", at, text) }
	moved := line(`12c;Move File: Source = \SystemRoot\WinSxS\Temp\a, Destination = \SystemRoot\System32\b`)
	failed := line(`c0000034;Move File: Source = \SystemRoot\WinSxS\Temp\c, Destination = \SystemRoot\System32\d`)
	other := line(`c0000022;Delete File: \SystemRoot\System32\e`)
	for name, tt := range map[string]struct {
		log  string
		want []string
	}{
		"it ends there":      {moved + failed, []string{"2 0xC0000034"}},
		"it went on":         {failed + moved, nil},
		"another failure":    {moved + other, nil},
		"nothing has failed": {moved, nil},
	} {
		var got []string
		for e := range ofLogs(t, imagetest.Tree(t, map[string]string{"poqexec.log": tt.log})).Of(evidence.PendingUnresolved) {
			got = append(got, fmt.Sprintf("%d %s", e.Source.Line, e.Code.Hex()))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
