package guid_test

import (
	"encoding/json"
	"testing"

	"github.com/redx-update/redx/internal/guid"
)

const text = "00112233-4455-6677-8899-aabbccddeeff"

func TestParse(t *testing.T) {
	for _, s := range []string{
		text, "{00112233-4455-6677-8899-AABBCCDDEEFF}", " 00112233-4455-6677-8899-AaBbCcDdEeFf\r\n",
	} {
		if g, err := guid.Parse(s); err != nil || g.String() != text {
			t.Errorf("%q: got %s, %v", s, g, err)
		}
	}
	for _, s := range []string{
		"", "{}", "{", text[:35], text + "0", "{" + text, text + "}", "0011223-34455-6677-8899-aabbccddeeff",
		"00112233-4455-6677-8899-aabbccddeefg", "00112233x4455-6677-8899-aabbccddeeff", "{{" + text + "}}",
	} {
		if g, err := guid.Parse(s); err == nil || !g.IsZero() {
			t.Errorf("%q: got %s, want an error and the nil GUID", s, g)
		}
	}
}

// On disk the first three fields are little-endian (MS-DTYP 2.3.4.2).
func TestLE(t *testing.T) {
	want := []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	g := guid.MustParse(text)
	if got := g.LE(); string(got) != string(want) {
		t.Errorf("LE: got % x, want % x", got, want)
	}
	if got := guid.FromLE(append(want, 1, 2, 3)); got != g {
		t.Errorf("FromLE: got %s, want %s", got, g)
	}
	if got := guid.FromLE(want[:15]); !got.IsZero() {
		t.Errorf("FromLE of 15 bytes: got %s, want the nil GUID", got)
	}
}

func TestJSON(t *testing.T) {
	var v struct{ ID guid.GUID }
	if err := json.Unmarshal([]byte(`{"ID":"{`+text+`}"}`), &v); err != nil || v.ID.String() != text {
		t.Errorf("got %s, %v", v.ID, err)
	}
	if out, err := json.Marshal(v); err != nil || string(out) != `{"ID":"`+text+`"}` {
		t.Errorf("got %s, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"ID":"x"}`), &v); err == nil || v.ID.String() != text {
		t.Errorf("a bad text: got %s, %v, want an error and no change", v.ID, err)
	}
}

func TestMustParse(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("MustParse took a text that is no GUID")
		}
	}()
	guid.MustParse("x")
}
