package gather

import "time"

// Places gives the known places to the tests.
func Places() []string { return places }

// ReaderOf names the reader that takes a file, by its head; "" when none does.
func ReaderOf(head []byte) string {
	r, _ := recognise(head[:min(len(head), headSize)])
	return r.name
}

// Zone makes a zone of what logs say of both clocks: pairs of a local time and UTC.
func Zone(samples ...[2]time.Time) func(time.Time) (time.Time, bool) {
	z := &zone{}
	for _, s := range samples {
		z.sample(s[0], s[1])
	}
	return z.toUTC
}
