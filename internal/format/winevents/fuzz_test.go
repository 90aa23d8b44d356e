package winevents_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/winevents"
)

// FuzzInterpret gives events fields of any name and value, as a damaged or forged log may.
func FuzzInterpret(f *testing.F) {
	for _, c := range cases {
		var lines []string
		for _, field := range c.data {
			lines = append(lines, field.Name+"\x00"+field.Value)
		}
		f.Add(c.provider, c.id, strings.Join(lines, "\x01"))
	}
	filter := winevents.Filter()
	providers := slices.Sorted(maps.Keys(filter))
	f.Fuzz(func(t *testing.T, provider string, id uint16, text string) {
		if filter[provider] == nil {
			provider = providers[len(provider)%len(providers)]
		}
		r := evtx.Record{Provider: provider, EventID: id}
		for line := range strings.SplitSeq(text, "\x01") {
			name, value, _ := strings.Cut(line, "\x00")
			r.Data = append(r.Data, evtx.Field{Name: name, Value: value})
		}
		e, ok := winevents.Interpret(&r)
		if wanted := slices.Contains(filter[provider], id); ok && !wanted {
			t.Errorf("%s %d is known, and the filter does not want it", provider, id)
		}
		if ok && (e.Text == "" || len(e.Text)+len(e.Subject) > 3*len(text)+200) {
			t.Errorf("%s %d: from %d bytes %+v", provider, id, len(text), e)
		}
	})
}
