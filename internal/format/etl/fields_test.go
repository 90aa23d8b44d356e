package etl_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/winbin"
)

// record makes a self-describing event; fields is what stands behind its name in the layout.
func record(fields string, data ...[]byte) []byte {
	le := binary.LittleEndian
	schema := le.AppendUint16(nil, uint16(3+len("Name\x00")+len(fields)))
	schema = append(schema, 0)
	schema = append(append(schema, "Name\x00"...), fields...)
	b := make([]byte, 80)
	b[2], b[3], b[4], b[43] = 0x13, 0xc0, 1, 11
	whole := (8 + len(schema) + 7) &^ 7
	b = le.AppendUint16(b, uint16(whole))
	b = append(b, 11, 0, 0, 0)
	b = le.AppendUint16(b, uint16(len(schema)))
	b = append(b, schema...)
	b = append(b, make([]byte, whole-8-len(schema))...)
	b = append(b, slices.Concat(data...)...)
	le.PutUint16(b, uint16(len(b)))
	return b
}

func z16(s string) []byte { return append(winbin.PutUTF16(s), 0, 0) }

func counted(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint16(nil, uint16(len(b))), b...)
}

func u32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

func u64(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }

type fieldCase struct {
	name   string
	fields string
	data   []byte
	want   string
}

// fieldCases has every encoding of a field.
func fieldCases() []fieldCase {
	id := guid.MustParse("01020304-0506-0708-090a-0b0c0d0e0f10")
	ft := winbin.PutFiletime(time.Date(2026, 3, 1, 7, 0, 0, 500, time.UTC))
	return []fieldCase{
		{"Info", "Info\x00\x01", z16("text"), "text"},
		{"Info without NUL", "Info\x00\x01", winbin.PutUTF16("text"), "text"},
		{"two fields", "Info\x00\x01Code\x00\x07", append(z16("text"), u32(math.MaxUint32)...), "text Code=-1"},
		{"Info is a number", "Info\x00\x08", u32(5), "Info=5"},
		{"no field", "", nil, ""},
		{"ANSI", "a\x00\x02", []byte("caf\xe9\x00"), "a=café"},
		{"UTF-8", "a\x00\x82\x23", []byte("café\x00"), "a=café"},
		{"counted", "a\x00\x16b\x00\x17", slices.Concat(counted(winbin.PutUTF16("é")), counted([]byte("x"))), "a=é b=x"},
		{"binary", "a\x00\x0eb\x00\x19", slices.Concat(counted([]byte{1, 0xab}), counted(nil)), "a=01ab b="},
		{
			"integers", "a\x00\x03b\x00\x04c\x00\x05d\x00\x06e\x00\x09f\x00\x0a", slices.Concat(
				[]byte{0xff, 0xff, 0xfe, 0xff, 0xfe, 0xff}, u64(math.MaxUint64), u64(math.MaxUint64)),
			"a=-1 b=255 c=-2 d=65534 e=-1 f=18446744073709551615",
		},
		{"floats", "a\x00\x0bb\x00\x0c", slices.Concat(u32(math.Float32bits(0.5)), u64(math.Float64bits(-2.25))), "a=0.5 b=-2.25"},
		{"bool", "a\x00\x0db\x00\x84\x03", append(u32(1), 0), "a=true b=false"},
		{"GUID", "a\x00\x0f", id.LE(), "a=01020304-0506-0708-090a-0b0c0d0e0f10"},
		{"pointer", "a\x00\x10", u64(0x7ff0), "a=0x7ff0"},
		{
			"times", "a\x00\x11b\x00\x12", slices.Concat(u64(ft), []byte{0xea, 7, 3, 0, 0, 0, 1, 0, 7, 0, 8, 0, 9, 0, 10, 0}),
			"a=2026-03-01T07:00:00.0000005Z b=2026-03-01T07:08:09.010",
		},
		{"no time", "a\x00\x11b\x00\x11", slices.Concat(u64(0), u64(math.MaxUint64)), "a=0 b=18446744073709551615"},
		{"field tags, all of them", "a\x00\x88\x84\x81\x82\x83\x01b\x00\x08", append(u32(1), u32(2)...), "a=0x1 b=2"},
		{"SID", "a\x00\x13", slices.Concat([]byte{1, 2, 0, 0, 0, 0, 0, 5}, u32(32), u32(544)), "a=S-1-5-32-544"},
		{"hex", "a\x00\x14b\x00\x15", append(u32(0xab), u64(0xcd)...), "a=0xab b=0xcd"},
		{"HRESULT", "a\x00\x87\x0f", u32(0x80070002), "a=0x80070002"},
		{"field tags", "a\x00\x88\x84\x81\x01b\x00\x08", append(u32(1), u32(2)...), "a=0x1 b=2"},
		{"fixed array", "a\x00\x24\x03\x00", []byte{1, 2, 3}, "a=[1, 2, 3]"},
		{"array", "a\x00\x44", []byte{2, 0, 4, 5}, "a=[4, 5]"},
		{"structure", "s\x00\x98\x02a\x00\x04b\x00\x04c\x00\x04", []byte{1, 2, 3}, "s={a=1 b=2} c=3"},
		{"array of structures", "s\x00\xd8\x01a\x00\x04c\x00\x04", []byte{2, 0, 1, 2, 3}, "s=[{a=1}, {a=2}] c=3"},
		{"no structures", "s\x00\xd8\x01a\x00\x04c\x00\x04", []byte{0, 0, 3}, "s=[] c=3"},
	}
}

func TestFields(t *testing.T) {
	for _, tt := range fieldCases() {
		t.Run(tt.name, func(t *testing.T) {
			events, errs := all(open(t, withRecord(t, record(tt.fields, tt.data))))
			if len(errs) > 0 || len(events) != 1 {
				t.Fatalf("%v %v", events, errs)
			}
			if got := events[0]; got.Text != tt.want || got.Component != "Name" {
				t.Errorf("%s %q, want Name %q", got.Component, got.Text, tt.want)
			}
		})
	}
}

func TestFieldsDamaged(t *testing.T) {
	nested := ""
	for range 12 {
		nested += "s\x00\x98\x01"
	}
	for name, rec := range map[string][]byte{
		"data end":           record("a\x00\x08", []byte{1}),
		"counted text":       record("a\x00\x16", []byte{9, 0, 1}),
		"unknown encoding":   record("a\x00\x1f", u64(0)),
		"name without end":   record("a"),
		"many empty values":  record("a\x00\x20\xff\xff"),
		"deep structures":    record(nested+"a\x00\x04", []byte{1}),
		"tags without end":   record("a\x00\x88\x84\x81\x81\x81\x81\x01", []byte{1, 0, 0, 0}),
		"SID with 255 parts": record("a\x00\x13", []byte{1, 255, 0, 0, 0, 0, 0, 5}),
	} {
		events, errs := all(open(t, withRecord(t, rec)))
		if len(errs) != 1 || len(events) != 0 {
			t.Errorf("%s: %v %v, want one error", name, events, errs)
		}
	}
}
