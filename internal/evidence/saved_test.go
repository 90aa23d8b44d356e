package evidence_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/update"
)

// full is a Set with something in every field.
func full() *evidence.Set {
	b := evidence.NewBuilder()
	b.SetMachine(evidence.Machine{Build: "10.0.19045.3800", Product: "Windows 10 Pro", SystemRoot: `C:\Windows`, Present: true})
	b.Note("a drive letter was guessed")
	b.Source(`C:\Windows\Logs\CBS\CBS.log`)
	b.Unread("x.evtx", errors.New("offset 0x0: cut off"))
	for _, lane := range scenes() {
		for _, e := range lane {
			b.Add(e)
			b.Code(e.Code, e.Source, []byte(e.Text))
		}
	}
	b.Add(evidence.Event{
		Kind: evidence.UpdateServer, Source: evidence.Source{Path: "HKLM\\x"},
		Text: strings.Repeat("é", 1500) + " <&> \u2028 \x1b[31m \xfe",
	})
	b.Add(evidence.Event{
		Kind: evidence.DatastoreFile, Source: evidence.Source{Path: "DataStore.edb", Record: 1 << 60},
		Fields: map[string]string{evidence.Path: `C:\ü`, evidence.Size: "12"}, Session: "31_1",
		Update: update.Ref{ID: update.ID{GUID: one, Revision: 200}},
	})
	b.Code(0x80244019, evidence.Source{Path: "e", Record: 4}, []byte("404"))
	return b.Set()
}

func save(t *testing.T, s *evidence.Set) string {
	t.Helper()
	var out bytes.Buffer
	if err := evidence.Save(&out, s); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func load(t *testing.T, text string) *evidence.Set {
	t.Helper()
	b := evidence.NewBuilder()
	if err := evidence.Load(strings.NewReader(text), b); err != nil {
		t.Fatal(err)
	}
	return b.Set()
}

func TestSaveLoad(t *testing.T) {
	s := full()
	first := save(t, s)
	if !evidence.SniffSaved([]byte(first)) {
		t.Error("what Save writes is not recognised")
	}
	loaded := load(t, first)
	if diff := cmp.Diff(first, save(t, loaded)); diff != "" {
		t.Errorf("saved, loaded and saved again (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(all(s), all(loaded)); diff != "" {
		t.Errorf("events (-saved +loaded):\n%s", diff)
	}
	if diff := cmp.Diff(s.Codes(), loaded.Codes()); diff != "" {
		t.Errorf("codes (-saved +loaded):\n%s", diff)
	}
	want := s.Machine
	want.Present = false // it is no longer there to be looked at
	if loaded.Machine != want || !cmp.Equal(loaded.Notes(), s.Notes()) || !cmp.Equal(loaded.Sources(), s.Sources()) || !cmp.Equal(loaded.Unread(), s.Unread()) {
		t.Errorf("got %+v %q %v", loaded.Machine, loaded.Notes(), loaded.Unread())
	}
}

// Two events that became alike once their update was named are still two when they are loaded.
func TestLoadFoldsNothing(t *testing.T) {
	a, b := missing("a", 1, 0), missing("a", 2, 0)
	a.Update.ID.GUID, b.Update.ID.GUID = one, one
	b.Update.KB = "KB5034122"
	text := save(t, setOf(a, b))
	if got := load(t, text); got.Len() != 2 || save(t, got) != text {
		t.Errorf("%d events, want the two that were saved:\n%s", got.Len(), text)
	}
}

func TestLoadWithByteOrderMarkAndEmptyLines(t *testing.T) {
	text := "\ufeff\r\n" + strings.ReplaceAll(save(t, setOf(missing("a", 1, 0))), "\n", "\r\n\r\n")
	if !evidence.SniffSaved([]byte(text)) {
		t.Error("not recognised")
	}
	if got := load(t, text); got.Len() != 1 {
		t.Errorf("%d events, want 1", got.Len())
	}
}

func TestLoadDamage(t *testing.T) {
	const head = `{"redx_evidence":1,"machine":{"build":"10.0.1"}}` + "\n"
	const good = `{"kind":"payload-missing","source":"a","line":1}` + "\n"
	for name, tt := range map[string]struct {
		text       string
		line, kept int
	}{
		"no header":                {good, 1, 0},
		"another version":          {`{"redx_evidence":2}` + "\n" + good, 1, 0},
		"cut off":                  {head + good + `{"kind":"payl`, 3, 1},
		"no kind":                  {head + good + "\n" + `{"source":"a"}` + "\n" + good, 4, 1},
		"a line below zero":        {head + `{"kind":"x","line":-1}`, 2, 0},
		"a last line below zero":   {head + `{"kind":"x","last_line":-1}`, 2, 0},
		"a count beyond all":       {head + `{"kind":"x","alike":99999999999}`, 2, 0},
		"a time that is none":      {head + good + `{"kind":"x","time":"yesterday"}`, 3, 1},
		"a last that is none":      {head + `{"kind":"x","last":"12:00"}`, 2, 0},
		"a time before all time":   {head + `{"kind":"x","time":"0000-01-01T00:00:00+10:00"}`, 2, 0},
		"a code that is none":      {head + `{"kind":"x","code":"red"}`, 2, 0},
		"an update that is none":   {head + `{"kind":"x","update":{"id":"1"}}`, 2, 0},
		"a line without end":       {head + good + strings.Repeat("x", 65<<20), 3, 1},
		"not JSON in a later line": {head + good + good + "nonsense\n" + good, 4, 2},
	} {
		b := evidence.NewBuilder()
		err := evidence.Load(strings.NewReader(tt.text), b)
		var damage *format.Error
		if !errors.As(err, &damage) || damage.Line != tt.line {
			t.Errorf("%s: got %v, want damage in line %d", name, err, tt.line)
		}
		if n := b.Set().Len(); n != tt.kept {
			t.Errorf("%s: kept %d events, want %d", name, n, tt.kept)
		}
	}
}

func TestLoadGivesReadErrors(t *testing.T) {
	broken := errors.New("broken pipe")
	r := &failing{r: strings.NewReader(save(t, full())), after: 3000, err: broken}
	b := evidence.NewBuilder()
	if err := evidence.Load(r, b); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

type failing struct {
	r     *strings.Reader
	after int
	err   error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.after <= 0 {
		return 0, f.err
	}
	n, err := f.r.Read(p[:min(len(p), f.after)])
	f.after -= n
	return n, err
}

// A reader of today takes what a later redx adds.
func TestLoadIgnoresWhatItDoesNotKnow(t *testing.T) {
	s := load(t, `{"redx_evidence":1,"tool":"redx 9","machine":{"cpu":"x"}}
{"kind":"new-kind","source":"a","line":1,"future":{"x":[1]}}
`)
	if s.Len() != 1 {
		t.Errorf("%d events, want 1", s.Len())
	}
}

func TestFormatTime(t *testing.T) {
	cet := time.FixedZone("", 3600)
	for _, tt := range []struct {
		t     time.Time
		local bool
		want  string
	}{
		{time.Time{}, true, ""},
		{time.Time{}, false, ""},
		{time.Date(2024, 1, 2, 3, 4, 5, 0, cet), false, "2024-01-02T02:04:05Z"},
		{time.Date(2024, 1, 2, 3, 4, 5, 600_000_000, time.UTC), false, "2024-01-02T03:04:05.6Z"},
		{time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), true, "2024-01-02T03:04:05"},
	} {
		if got := evidence.FormatTime(tt.t, tt.local); got != tt.want {
			t.Errorf("%s, %v: got %s, want %s", tt.t, tt.local, got, tt.want)
		}
	}
}

// FuzzLoad holds that whatever is loaded can be saved, and that this is loaded whole and saved the same again.
func FuzzLoad(f *testing.F) {
	var seed bytes.Buffer
	if err := evidence.Save(&seed, full()); err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{
		seed.String()[:6000],
		`{"redx_evidence":1}` + "\n" + `{"kind":"attempt","time":"2024-01-02T03:04:05","last":"2024-01-02T03:04:05Z"}`,
		`{"redx_evidence":1}` + "\n" + `{"kind":"code-seen","code":"0x80070002","alike":3,"source":"a"}`,
		`{"redx_evidence":1}` + "\n" + `{"kind":"file-state","fields":{"path":"C:\\x"},"update":{"kb":"KB1","title":"\ud800"}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		b := evidence.NewBuilder()
		_ = evidence.Load(bytes.NewReader(data), b)
		first := save(t, b.Set())
		if again := save(t, load(t, first)); again != first {
			t.Errorf("saved\n%s\nand again\n%s", first, again)
		}
	})
}

// TestTimesBeyond has times that no line of a saved Set can hold.
func TestTimesBeyond(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(60056, 5, 28, 5, 36, 10, 0, time.UTC), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		b := evidence.NewBuilder()
		b.Add(evidence.Event{Kind: evidence.Attempt, Time: at, Last: at, Text: "x"})
		b.Add(evidence.Event{Kind: evidence.Attempt, Time: time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC), Local: true, Text: "y"})
		b.Localise(func(t time.Time) (time.Time, bool) { return t.Add(8 * time.Hour), true })
		var saved bytes.Buffer
		if err := evidence.Save(&saved, b.Set()); err != nil {
			t.Fatal(err)
		}
		again := evidence.NewBuilder()
		if err := evidence.Load(&saved, again); err != nil {
			t.Errorf("%v: %v", at, err)
		}
		for e := range again.Set().Of(evidence.Attempt) {
			if !e.Time.IsZero() || !e.Last.IsZero() {
				t.Errorf("%s: got %v and %v, want no time", e.Text, e.Time, e.Last)
			}
		}
	}
}
