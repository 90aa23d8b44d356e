package check

import (
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// fileCorrupt (ERROR_FILE_CORRUPT) says of itself not what is corrupt.
const fileCorrupt hresult.Code = 0x80070570

// ManifestHashMismatch finds a manifest, or another record of the component store, that is there and damaged.
func ManifestHashMismatch() doctor.Check {
	return doctor.Check{
		ID:    "manifest-hash-mismatch",
		Title: "A manifest of the component store is damaged",
		Reads: []evidence.Kind{
			evidence.ManifestDamaged, evidence.ManifestRepaired, evidence.ServicingEnd, evidence.StoreScan, evidence.FileState,
		},
		Unproven: true,
		Run:      manifestHashMismatch,
	}
}

func manifestHashMismatch(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	mends := manifestMends(x.Evidence)
	for _, e := range unsettled(x, evidence.ManifestDamaged) {
		component := e.Field(evidence.Component)
		path := underWindows(x.Evidence, `WinSxS\Manifests\`+component+".manifest")
		state, _, absent := looked(x.Evidence, path)
		if component != "" && absent || mends.after(e) {
			continue // what is absent is component-manifest-missing's
		}
		f := fault{event: e, sure: e.Code != fileCorrupt || component != "" || e.Field(evidence.Path) != ""}
		if component != "" {
			f.path = path
		} else {
			f.path = e.Field(evidence.Path)
		}
		if state != nil {
			f.more = []*evidence.Event{state}
		}
		faults = append(faults, f)
	}
	return gathered(faults, describeDamagedStore)
}

func describeDamagedStore(f *doctor.Finding) {
	f.Title = "The component store is damaged" + failsOn(f)
	if len(f.Files) > 0 {
		f.Title = "The component store is damaged at " + fileNameOf(f.Files[0].Path) + failsOn(f)
	}
	f.Detail = "Servicing has read a manifest or another record of the component store and found that its content is not what it " +
		"must be. Let DISM repair the store from Windows Update or from an image of the same build, then install the update again. " +
		"Never copy the COMPONENTS hive of another computer. A disk that fails is a usual reason: have it checked."
	f.Surer = "a line that names what is corrupt, a few lines above this one in CBS.log"
	f.Next = []string{restoreHealth, scanNow, "chkdsk C: /scan", openWindowsUpdate}
}

// fileNameOf is the last element of a path.
func fileNameOf(path string) string { return path[strings.LastIndexByte(path, '\\')+1:] }
