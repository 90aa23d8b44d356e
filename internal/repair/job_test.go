package repair

import (
	"testing"

	"github.com/redx-update/redx/internal/guid"
)

func TestOwnJobs(t *testing.T) {
	id := guid.MustParse("0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a01")
	for _, tt := range []struct {
		what string
		job  Job
		want bool
	}{
		{"Windows Update's", Job{id, "WU Client Download", "S-1-5-18"}, true},
		{"in another case", Job{id, "wu client download", "s-1-5-18"}, true},
		{"a user's under the same name", Job{id, "WU Client Download", "S-1-5-21-1-2-3-1001"}, false},
		{"a service's under the same name", Job{id, "WU Client Download", "S-1-5-20"}, false},
		{"the system's, of another program", Job{id, "Chrome Component Updater", "S-1-5-18"}, false},
		{"the system's, whose name only begins so", Job{id, "WU Client Download 2", "S-1-5-18"}, false},
		{"without a name", Job{id, "", "S-1-5-18"}, false},
		{"whose owner is not known", Job{id, "WU Client Download", ""}, false},
		{"without an identity", Job{Name: "WU Client Download", Owner: "S-1-5-18"}, false},
	} {
		if got := tt.job.Own(); got != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}
