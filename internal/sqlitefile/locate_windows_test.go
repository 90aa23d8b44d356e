package sqlitefile_test

import (
	"testing"

	"github.com/redx-update/redx/internal/sqlitefile"
)

func TestDSN(t *testing.T) {
	for path, want := range map[string]string{
		`C:\x y\store.db`:           "file:///C:/x%20y/store.db?mode=ro",
		`\\server\share\x\store.db`: "file:////server/share/x/store.db?mode=ro",
		`C:\a#b%20c\store.db`:       "file:///C:/a%23b%2520c/store.db?mode=ro",
	} {
		if got := sqlitefile.DSN(path, "mode=ro"); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
