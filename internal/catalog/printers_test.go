package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

func TestNeededPrinters(t *testing.T) {
	detectoid := guid.GUID{9}
	driver := func(id RevisionID, class string, hardware ...string) Revision {
		r := Revision{RevisionID: id, ID: update.ID{GUID: guid.GUID{byte(id)}, Revision: 1}, Type: Driver}
		for _, h := range hardware {
			r.Drivers = append(r.Drivers, DriverEntry{HardwareID: h, Class: class})
		}
		return r
	}
	waiting := driver(3, "Printer", "lptenum\\c")
	waiting.Prerequisites = []Clause{{AnyOf: []guid.GUID{detectoid}}}
	c := Compile([]Revision{
		driver(1, "Printer", "lptenum\\a", "usbprint\\a", "lptenum\\a"), driver(2, "Display", "pci\\b"), waiting,
		driver(4, "printer", "lptenum\\d"),
		{RevisionID: 5, ID: update.ID{GUID: detectoid, Revision: 1}, Type: Detectoid},
	})
	s := c.Scope([]RevisionID{1, 2, 3, 4})
	got := s.NeededPrinters(nil, []RevisionID{4, 2, 77})
	want := DriverNeed{
		Need:     Need{New: []RevisionID{1}, Kept: []RevisionID{4}, Gone: []RevisionID{2, 77}},
		Hardware: map[RevisionID][]string{1: {"lptenum\\a", "usbprint\\a"}, 4: {"lptenum\\d"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := s.NeededPrinters([]RevisionID{5}, nil); len(got.New) != 3 {
		t.Errorf("with the prerequisite installed: %v", got.New)
	}
}
