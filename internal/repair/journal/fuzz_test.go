package journal

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
)

// FuzzLines reads journals that say anything under right numbers and digests. FuzzRead, which has to guess those,
// seldom gets beyond the first line.
func FuzzLines(f *testing.F) {
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
	seed := bare(f, m["j"].data)
	if j, err := Read(memory{"j": {data: signed(seed)}}, "j", self); err != nil || len(j.Entries) != len(whole()) {
		f.Fatalf("the seed: %+v, %v", j, err)
	}
	f.Add(seed)
	m = memory{}
	if w, err = Create(m, "j", cancels()); err != nil {
		f.Fatal(err)
	}
	for _, e := range []Entry{cancelling(jobA), cancelled(jobA), {Event: Commit}, {Event: End}} {
		if err := w.Append(e); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(bare(f, m["j"].data))
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := Read(memory{"j": {data: signed(data)}}, "j", self)
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

// bare gives the data of a journal's lines, one a line.
func bare(f *testing.F, journal []byte) []byte {
	var out [][]byte
	for text := range bytes.Lines(journal) {
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			f.Fatal(err)
		}
		out = append(out, l.Data)
	}
	return bytes.Join(out, []byte("\n"))
}

// signed makes a journal of such data, up to what is no JSON.
func signed(data []byte) (journal []byte) {
	var last sum
	for seq, raw := range slices.Collect(bytes.SplitSeq(data, []byte("\n"))) {
		text, s, err := encodeLine(last, seq, json.RawMessage(raw))
		if err != nil {
			break
		}
		journal, last = append(journal, text...), s
	}
	return journal
}
