package gather

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestUnquote(t *testing.T) {
	long := strings.Repeat("x>", headSize)
	for name, tt := range map[string]struct {
		in, want string
		quoted   bool
	}{
		"plain":           {"a\nb\n", "a\nb\n", false},
		"quoted":          {"> a\n> b\n\n>\n> c", "a\nb\n\n\nc", true},
		"twice":           {">> a\n> > b\n", "a\nb\n", true},
		"one line":        {"> a", "a", true},
		"mixed":           {"He wrote:\n> a\n\nb\n", "He wrote:\na\n\nb\n", true},
		"mixed, too long": {"> a\n" + strings.Repeat("b\n", maxExcerpt), "", false},
		"SetupAPI":        {">>>  [x]\n>>>  Section start\n", "", false},
		"SetupAPI, too":   {"> >>>  [x]\n> a\n", ">>>  [x]\na\n", true},
		"find":            {"---------- C:\\CBS.LOG\n[4411]2019-03-13 08:11:55, Info\n", "---------- C:\\CBS.LOG\n2019-03-13 08:11:55, Info\n", true},
		"Select-String":   {"C:\\x\\CBS.log:4411:2019-03-13 08:11:55, Info\n", "2019-03-13 08:11:55, Info\n", true},
		"findstr":         {"4411:2019-03-13 08:11:55, Info\n", "2019-03-13 08:11:55, Info\n", true},
		"a list":          {"It says:\n- a\n- b\n", "It says:\na\nb\n", true},
		"a rule":          {"---\n-1 a\n", "", false},
		"a string":        {"[30]\"clr_optimization\"\n", "", false},
		"a time":          {"08:11:55 Info\n", "", false},
		"a stamp":         {"[0x0606ae] IBS\n", "", false},
		"empty":           {"", "", false},
		"without number":  {"CBS.log:2024-01-11 a\nC:\\Windows\\Logs\\CBS\\CBS.log:(p) c\n", "2024-01-11 a\n(p) c\n", true},
		"both":            {"> CBS.log:2024-01-11 a\n> CBS.log:2024-01-11 b", "2024-01-11 a\n2024-01-11 b", true},
		"of Notepad":      {"\uFEFF> a\n> b", "a\nb", true},
		"Notepad's alone": {"\uFEFFa\nb", "", false},
		"numbers":         {"12:30 we met\n13:30 we went\n", "", false},
		"a file's name":   {"dism.log:\n2024-01-11 03:14:55, a\n", "", false},
		"a very long one": {"> " + long + "\n> b", long + "\nb", true},
	} {
		if _, quoted := unquoteHead([]byte(tt.in)); quoted != tt.quoted {
			t.Errorf("%s: quoted %v, want %v", name, quoted, tt.quoted)
		}
		if !tt.quoted {
			continue
		}
		// Only trailing white space of an empty quoted line is lost, with its mark.
		got, err := io.ReadAll(iotest.OneByteReader(newUnquoter(strings.NewReader(tt.in))))
		if err != nil || strings.TrimRight(string(got), "\n") != strings.TrimRight(tt.want, "\n") {
			t.Errorf("%s: read %.40q (%d bytes, error %v), want %.40q (%d bytes)", name, got, len(got), err, tt.want, len(tt.want))
		}
	}
}
