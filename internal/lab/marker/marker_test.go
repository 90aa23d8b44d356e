package marker

import "testing"

func TestParse(t *testing.T) {
	const sound = `{"version": 1, "id": "00112233445566778899aabbccddeeff", "scenario": "x"}`
	if m, err := Parse([]byte(sound)); err != nil || m.Scenario != "x" {
		t.Errorf("%+v, %v", m, err)
	}
	for _, s := range []string{
		``, `{}`, `[]`, `{"version": 2, "id": "00112233445566778899aabbccddeeff"}`, `{"version": 1, "id": "0011"}`, `{"version": 1, "id": "zz"}`,
	} {
		if m, err := Parse([]byte(s)); err == nil || m != (Marker{}) {
			t.Errorf("%q: %+v", s, m)
		}
	}
}
