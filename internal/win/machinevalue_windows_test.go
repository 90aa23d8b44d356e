package win_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/win"
)

// What was written is read back, and taken back without a trace.
func TestMachineValues(t *testing.T) {
	const key = `SOFTWARE\redx-test\Policy`
	before := win.MachineValue{Key: key, Name: "x", NoKey: true}
	read := func(want win.MachineValue) {
		t.Helper()
		got, err := win.ReadMachineValue(key, "x")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	write := func(v win.MachineValue) {
		t.Helper()
		if err := win.WriteMachineValue(v); err != nil {
			t.Fatal(err)
		}
	}
	read(before)
	text := win.MachineValue{Key: key, Name: "x", Kind: win.Text, Text: "http://server:8530"}
	write(text)
	read(text)
	number := win.MachineValue{Key: key, Name: "x", Kind: win.Number, Number: 0xffffffff}
	write(number)
	read(number)
	write(before)
	read(before)
	write(before) // again is no error
	write(win.MachineValue{Key: `SOFTWARE\redx-test`, NoKey: true})
	if err := win.WriteMachineValue(win.MachineValue{Key: key, Name: "x", Kind: win.Other}); err == nil {
		t.Error("wrote what cannot be written")
	}
	write(before)
	write(win.MachineValue{Key: `SOFTWARE\redx-test`, NoKey: true})
}
