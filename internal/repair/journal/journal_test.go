package journal

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/repair"
)

// memory is a folder of journals that can be looked into.
type memory map[string]*memoryFile

type memoryFile struct {
	data []byte
	fail bool
}

func (m memory) Create(name string) (File, error) {
	if m[name] != nil {
		return nil, fs.ErrExist
	}
	m[name] = &memoryFile{}
	return m[name], nil
}

func (m memory) Open(name string) (File, error) {
	if m[name] == nil {
		return nil, fs.ErrNotExist
	}
	return m[name], nil
}

func (m memory) Read(name string, limit int64) ([]byte, error) {
	if m[name] == nil {
		return nil, fs.ErrNotExist
	}
	return slices.Clone(m[name].data[:min(int64(len(m[name].data)), limit)]), nil
}

func (m memory) Names() ([]string, error) { return nil, nil }
func (m memory) Sync() error              { return nil }

func (f *memoryFile) Write(p []byte) (int, error) {
	if f.fail {
		f.data = append(f.data, p[:len(p)/2]...)
		return len(p) / 2, errors.New("disk full")
	}
	f.data = append(f.data, p...)
	return len(p), nil
}
func (f *memoryFile) Truncate(size int64) error { f.data = f.data[:size]; return nil }
func (f *memoryFile) Sync() error               { return nil }
func (f *memoryFile) Close() error              { return nil }

var (
	windows = repair.Root{Dir: `C:\Windows`}
	self    = Self{Machine: "m", Roots: []repair.Root{windows}}
	sd      = repair.Target{Rung: repair.SoftwareDistribution}
)

func header() Header {
	return Header{
		Machine: "m", Root: windows, Kind: Repair, Rung: repair.SoftwareDistribution,
		Acts: []repair.Reversible{
			repair.Guard{},
			repair.Hold{Service: "wuauserv"},
			repair.Halt{Service: "wuauserv"},
			repair.Halt{Service: "appidsvc", Dependent: true},
			repair.MoveAway{Move: repair.Move{Target: sd, Copy: repair.Copy{Of: sd, N: 2}}},
		},
		Before: []Service{{Name: "wuauserv", Start: 3, Running: true}, {Name: "appidsvc", Start: 2, Delayed: true}},
	}
}

// whole is every entry of a transaction that is taken back.
func whole() []Entry {
	var list []Entry
	for i, folder := range []string{"", "", "", "", "id"} {
		list = append(list, Entry{Event: Intent, Act: i, Folder: folder}, Entry{Event: Done, Act: i})
	}
	return append(list, Entry{Event: Rollback},
		Entry{Event: Aside, Act: 4, Folder: "new", Copy: &repair.Copy{Of: sd, Undone: true, N: 1}},
		Entry{Event: Undone, Act: 4}, Entry{Event: Undone, Act: 1}, Entry{Event: End})
}

// written makes a journal of some entries.
func written(t *testing.T, h Header, entries []Entry) memory {
	t.Helper()
	m := memory{}
	w, err := Create(m, "j", h)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestWrittenIsRead(t *testing.T) {
	m := written(t, header(), whole())
	j, err := Read(m, "j", self)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(header(), j.Header); d != "" {
		t.Errorf("header (-want +got):\n%s", d)
	}
	if d := cmp.Diff(whole(), j.Entries); d != "" || j.Torn {
		t.Errorf("torn %v, entries (-want +got):\n%s", j.Torn, d)
	}
	p, err := j.Progress(j.Entries)
	if err != nil || !p.Ended || p.Decision != Rollback || p.Begun != 5 || p.Folder[4] != "id" || j.Was("WUAUSERV").Start != 3 {
		t.Errorf("progress %+v, %v", p, err)
	}
}

// TestEveryCut holds that a journal cut at any byte reads as its whole lines, and can be continued.
func TestEveryCut(t *testing.T) {
	full := written(t, header(), whole())["j"].data
	for cut := range len(full) + 1 {
		for _, filler := range []string{"", "\x00\x00\x00", "garbage"} {
			if filler != "" && cut%7 > 0 {
				continue
			}
			m := memory{"j": {data: append(slices.Clone(full[:cut]), filler...)}}
			lines := bytes.Count(full[:cut], []byte("\n"))
			j, err := Read(m, "j", self)
			if lines == 0 {
				if !errors.Is(err, ErrEmpty) {
					t.Fatalf("cut at %d: %v, want ErrEmpty", cut, err)
				}
				continue
			}
			if err != nil || len(j.Entries) != lines-1 {
				t.Fatalf("cut at %d with %q: %v, want %d lines", cut, filler, err, lines)
			}
			continueAll(t, m, j)
			if filler == "" && !bytes.Equal(m["j"].data, full) {
				t.Fatalf("cut at %d: continued, it differs from what was written at once", cut)
			}
		}
	}
}

func continueAll(t *testing.T, m memory, j *Journal) {
	t.Helper()
	w, err := Continue(m, j)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range whole()[len(j.Entries):] {
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := Read(m, "j", self); err != nil || len(again.Entries) != len(whole()) {
		t.Fatalf("continued: %v", err)
	}
}

// TestEveryFlip holds that a changed byte is never taken: the journal is refused, or it ends before that line.
func TestEveryFlip(t *testing.T) {
	full := written(t, header(), whole())["j"].data
	for i := range full {
		for _, bit := range []byte{0x01, 0x20, 0x80} {
			data := slices.Clone(full)
			data[i] ^= bit
			j, err := Read(memory{"j": {data: data}}, "j", self)
			switch {
			case errors.Is(err, ErrAltered), errors.Is(err, ErrEmpty), errors.Is(err, ErrVersion), errors.Is(err, ErrForeign):
			case err != nil:
				t.Fatalf("byte %d: %v", i, err)
			case len(j.Entries) >= len(whole()) || !j.Torn:
				t.Fatalf("byte %d changed from %q to %q, and nobody saw it", i, full[i], data[i])
			}
		}
	}
}

func TestRefused(t *testing.T) {
	full := string(written(t, header(), whole())["j"].data)
	lines := strings.SplitAfter(full, "\n")
	foreign := header()
	foreign.Machine = "another"
	elsewhere := header()
	elsewhere.Root = repair.Root{Dir: `D:\Windows`}
	tests := map[string]struct {
		data string
		want error
	}{
		"another machine":      {string(written(t, foreign, nil)["j"].data), ErrForeign},
		"another root":         {string(written(t, elsewhere, nil)["j"].data), ErrForeign},
		"a line is gone":       {strings.Join(slices.Delete(slices.Clone(lines), 3, 4), ""), ErrAltered},
		"two lines changed":    {strings.Join([]string{lines[0], lines[2], lines[1], lines[3]}, ""), ErrAltered},
		"a line twice":         {strings.Join([]string{lines[0], lines[1], lines[1], lines[2]}, ""), ErrAltered},
		"a header is gone":     {strings.Join(lines[1:], ""), ErrAltered},
		"cut in the middle":    {full[:len(lines[0])+5] + full[len(lines[0])+9:], ErrAltered},
		"zeros in the middle":  {lines[0] + strings.Repeat("\x00", len(lines[1])) + lines[2] + lines[3], ErrAltered},
		"nothing":              {"", ErrEmpty},
		"zeros":                {strings.Repeat("\x00", 500), ErrEmpty},
		"no journal":           {"hello\nworld\nagain\n", ErrAltered},
		"one endless line":     {strings.Repeat("x", maxLine+2), ErrAltered},
		"endless":              {strings.Repeat("x\n", maxSize), ErrAltered},
		"a name without acts":  {forged(t, `{"redx_journal":1,"machine":"m","dir":"C:\\Windows","kind":"repair","rung":"x","plan":"","acts":[]}`), ErrAltered},
		"a later version":      {forged(t, `{"redx_journal":2,"machine":"m","dir":"C:\\Windows","kind":"repair","rung":"x","plan":"","acts":[]}`), ErrVersion},
		"a field nobody knows": {forged(t, `{"redx_journal":1,"machine":"m","path":"C:\\"}`), ErrVersion},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Read(memory{"j": {data: []byte(tt.data)}}, "j", self); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := Read(written(t, header(), nil), "j", Self{Roots: self.Roots}); !errors.Is(err, ErrForeign) {
		t.Errorf("a machine without an identity took a journal: %v", err)
	}
}

// forged is a first line with a right digest.
func forged(t *testing.T, data string) string {
	t.Helper()
	text, _, err := encodeLine(sum{}, 0, rawJSON(data))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type rawJSON string

func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// TestForgedActsAreRefused holds that a journal with right digests still cannot name what is not on the list.
func TestForgedActsAreRefused(t *testing.T) {
	for _, a := range []wireAct{
		{Do: "delete", Target: &sd, Copy: &repair.Copy{Of: sd, N: 1}},
		{Do: "move-away"},
		{Do: "move-away", Target: &sd, Copy: &repair.Copy{Of: repair.Target{Rung: repair.DataStore}, N: 1}},
		{Do: "move-away", Target: &repair.Target{Rung: repair.UpdateFolder, Update: `..\..\System32`}, Copy: &repair.Copy{N: 1}},
		{Do: "bring-back", Target: &repair.Target{Rung: "system32"}, Copy: &repair.Copy{Of: repair.Target{Rung: "system32"}, N: 1}},
		{Do: "hold", Service: "lsass"},
		{Do: "halt", Service: "EventLog"},
	} {
		w := wireHeader{Version: version, Machine: "m", Dir: `C:\Windows`, Kind: Repair, Acts: []wireAct{a}}
		var err error
		if w.Plan, err = w.digest(); err != nil {
			t.Fatal(err)
		}
		text, _, err := encodeLine(sum{}, 0, w)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Read(memory{"j": {data: text}}, "j", self)
		if !errors.Is(err, ErrAltered) || !errors.Is(err, repair.ErrNotListed) {
			t.Errorf("%+v: got %v, want that it is not listed", a, err)
		}
	}
}

// TestForgedServicesAreRefused holds that nothing else can be "given back".
func TestForgedServicesAreRefused(t *testing.T) {
	for _, s := range []Service{
		{Name: "lsass", Start: 4},
		{Name: "wuauserv", Start: 1},
		{Name: "wuauserv", Start: 5},
		{Name: "wuauserv", Start: -1, Running: true},
		{Name: "wuauserv", Start: 3, Delayed: true},
	} {
		h := header()
		h.Before = []Service{s}
		if _, err := Read(written(t, h, nil), "j", self); !errors.Is(err, ErrAltered) {
			t.Errorf("%+v: got %v, want ErrAltered", s, err)
		}
	}
}

func TestOrder(t *testing.T) {
	intent := func(n int, folder string) Entry { return Entry{Event: Intent, Act: n, Folder: folder} }
	done := func(n int) Entry { return Entry{Event: Done, Act: n} }
	begun := []Entry{intent(0, ""), done(0)}
	for name, entries := range map[string][]Entry{
		"an act is left out":          {intent(1, "")},
		"done before it was intended": {done(0)},
		"done twice":                  append(slices.Clone(begun), done(0)),
		"the next before the last":    {intent(0, ""), intent(1, "")},
		"committed too early":         append(slices.Clone(begun), Entry{Event: Commit}),
		"an end without a decision":   append(slices.Clone(begun), Entry{Event: End}),
		"undone without a decision":   append(slices.Clone(begun), Entry{Event: Undone}),
		"forward behind the decision": append(slices.Clone(begun), Entry{Event: Rollback}, intent(1, "")),
		"undone what was never begun": append(slices.Clone(begun), Entry{Event: Rollback}, Entry{Event: Undone, Act: 1}),
		"two decisions":               append(slices.Clone(begun), Entry{Event: Rollback}, Entry{Event: Rollback}),
		"behind the end":              append(slices.Clone(begun), Entry{Event: Rollback}, Entry{Event: End}, Entry{Event: End}),
		"a folder for a service":      append(slices.Clone(begun), intent(1, "x")),
		"an act that is not there":    {intent(9, "")},
		"an event that is not there":  {{Event: "delete"}},
		"committed, then taken back":  append(slices.Clone(whole()[:10]), Entry{Event: Commit}, Entry{Event: Undone, Act: 4}),
		"aside to a name of its own": append(slices.Clone(whole()[:10]), Entry{Event: Rollback},
			Entry{Event: Aside, Act: 4, Copy: &repair.Copy{Of: sd, N: 1}}),
		"a wait for a service":       append(slices.Clone(begun), intent(1, ""), Entry{Event: Wait, Act: 1}),
		"a wait before it was begun": append(slices.Clone(begun), Entry{Event: Wait, Act: 1}),
		"a wait for what is done":    append(slices.Clone(whole()[:10]), Entry{Event: Wait, Act: 4}),
		"aside for a service": append(slices.Clone(whole()[:10]), Entry{Event: Rollback},
			Entry{Event: Aside, Act: 1, Copy: &repair.Copy{Of: sd, N: 1, Undone: true}}),
	} {
		h := header()
		if _, err := h.Progress(entries); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: got %v, want ErrAltered", name, err)
		}
	}
}

// TestWaiting is the order in which a folder is left to the next start of Windows.
func TestWaiting(t *testing.T) {
	h := header()
	entries := append(slices.Clone(whole()[:9]), Entry{Event: Wait, Act: 4}, Entry{Event: Wait, Act: 4})
	p, err := h.Progress(entries)
	if err != nil || !p.Waits[4] || p.Done[4] {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := h.Progress(append(slices.Clone(entries), Entry{Event: Commit})); !errors.Is(err, ErrAltered) {
		t.Errorf("committed while it waits: %v", err)
	}
	p, err = h.Progress(append(slices.Clone(entries), Entry{Event: Done, Act: 4}, Entry{Event: Commit}))
	if err != nil || !p.Done[4] || p.Decision != Commit {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestAfterwards is what can stand behind the end of what was done, and of nothing else.
func TestAfterwards(t *testing.T) {
	h := header()
	done := append(slices.Clone(whole()[:10]), Entry{Event: Commit}, Entry{Event: End})
	judged, purge := Entry{Event: Judged, Verdict: "proven"}, Entry{Event: Purge}
	p, err := h.Progress(append(slices.Clone(done), Entry{Event: Judged, Verdict: "failed"}, judged, purge, purge, Entry{Event: Purged}))
	if err != nil || p.Verdict != "proven" || !p.Purging || !p.Purged {
		t.Errorf("%+v, %v", p, err)
	}
	undone := []Entry{{Event: Rollback}, {Event: End}}
	for name, entries := range map[string][]Entry{
		"purged without a word":     append(slices.Clone(done), Entry{Event: Purged}),
		"judged without verdict":    append(slices.Clone(done), Entry{Event: Judged}),
		"judged when it is gone":    append(slices.Clone(done), purge, judged),
		"judged before the end":     append(slices.Clone(done[:11]), judged),
		"judged when taken back":    append(slices.Clone(undone), judged),
		"purged when taken back":    append(slices.Clone(undone), purge),
		"done again behind its end": append(slices.Clone(done), Entry{Event: Done}),
	} {
		if _, err := h.Progress(entries); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: got %v, want ErrAltered", name, err)
		}
	}
}

// TestNothingIsWrittenBehindAFailure holds that after a full disk the journal is not continued on top of half a line.
func TestNothingIsWrittenBehindAFailure(t *testing.T) {
	m := memory{}
	w, err := Create(m, "j", header())
	if err != nil {
		t.Fatal(err)
	}
	m["j"].fail = true
	if w.Append(whole()[0]) == nil {
		t.Fatal("a failed write was not reported")
	}
	m["j"].fail = false
	if w.Append(whole()[0]) == nil {
		t.Fatal("written behind half a line")
	}
	if j, err := Read(m, "j", self); err != nil || !j.Torn || len(j.Entries) != 0 {
		t.Errorf("read %+v, %v", j, err)
	}
	if _, err := Create(m, "j", header()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("an older journal was overwritten: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("{\"seq\":0}\n"))
	m := memory{}
	w, err := Create(m, "j", header())
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range whole() {
		if err := w.Append(e); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(m["j"].data)
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := Read(memory{"j": {data: data}}, "j", self)
		if err != nil {
			return
		}
		for _, a := range j.Acts {
			if err := a.Check(windows); err != nil {
				t.Error(err)
			}
		}
		if _, err := j.Progress(j.Entries); err != nil {
			t.Error(err)
		}
	})
}
