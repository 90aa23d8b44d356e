package image_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/image"
)

func TestNormalize(t *testing.T) {
	tests := []struct {
		path, root, want string
		err              error
	}{
		{`C:\Windows\x`, `C:\Windows`, `C:\Windows\x`, nil},
		{`c:/Windows//.\x\`, `C:\Windows`, `C:\Windows\x`, nil},
		{`D:\x`, `C:\Windows`, `D:\x`, nil},
		{`%windir%\x`, `E:\WINNT`, `E:\WINNT\x`, nil},
		{`%SYSTEMROOT%`, `C:\Windows`, `C:\Windows`, nil},
		{`\SystemRoot\System32\x`, `C:\Windows`, `C:\Windows\System32\x`, nil},
		{`\SystemRooted\x`, `C:\Windows`, `C:\SystemRooted\x`, nil},
		{`%SystemDrive%\x`, `E:\Windows`, `E:\x`, nil},
		{`%ProgramData%\x`, `C:\Windows`, `C:\ProgramData\x`, nil},
		{`%ProgramFiles(x86)%\x`, `C:\Windows`, `C:\Program Files (x86)\x`, nil},
		{`\??\c:\x`, `C:\Windows`, `C:\x`, nil},
		{`\\?\C:\x`, `C:\Windows`, `C:\x`, nil},
		{`\\.\C:\x`, `C:\Windows`, `C:\x`, nil},
		{`\x`, `E:\Windows`, `E:\x`, nil},
		{`x\y`, `C:\Windows`, `x\y`, nil},
		{`C:`, `C:\Windows`, `C:\`, nil},
		{``, ``, ``, nil},
		{`\x\y`, ``, `x\y`, nil},
		{`a...b\..c`, ``, `a...b\..c`, nil},
		{`%windir%\x`, ``, ``, image.ErrPath},
		{`%nosuch%\x`, `C:\Windows`, ``, image.ErrPath},
		{`%windir%x`, `C:\Windows`, ``, image.ErrPath},
		{`..\x`, `C:\Windows`, ``, image.ErrPath},
		{`C:\a\..\b`, `C:\Windows`, ``, image.ErrPath},
		{`C:\a/../b`, `C:\Windows`, ``, image.ErrPath},
		{`C:\a:stream`, `C:\Windows`, ``, image.ErrPath},
		{"C:\\a\x00", `C:\Windows`, ``, image.ErrPath},
		{strings.Repeat("a", 200_000), ``, ``, image.ErrPath},
		{`\\server\share\x`, `C:\Windows`, ``, image.ErrOtherVolume},
		{`\\?\UNC\server\share`, `C:\Windows`, ``, image.ErrOtherVolume},
		{`\\?\Volume{1}\x`, `C:\Windows`, ``, image.ErrOtherVolume},
		{`\??\Volume{1}\x`, `C:\Windows`, ``, image.ErrOtherVolume},
		{`\Device\HarddiskVolume1\x`, `C:\Windows`, ``, image.ErrOtherVolume},
	}
	for _, tt := range tests {
		got, err := image.Normalize(tt.path, tt.root)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%.80q, %q: got %q, %v, want %q, %v", tt.path, tt.root, got, err, tt.want, tt.err)
		}
	}
}

// FuzzNormalize checks what the file systems rely on: the result names nothing outside, and is a fixed point.
func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{`C:\Windows\x`, `%windir%\..\x`, `\??\C:\x`, `\\?\\??\c:/../a:b`, `C:C:\x`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got, err := image.Normalize(path, `C:\Windows`)
		if err != nil {
			return
		}
		_, rest := image.SplitDrive(got)
		for e := range strings.SplitSeq(rest, `\`) {
			if e == ".." || strings.ContainsAny(e, "/:\x00") {
				t.Errorf("%q gives %q", path, got)
			}
		}
		if again, err := image.Normalize(got, `C:\Windows`); again != got && !strings.HasPrefix(got, "%") {
			t.Errorf("%q gives %q, and that %q, %v", path, got, again, err)
		}
	})
}

func TestSplitJoin(t *testing.T) {
	if got := image.Join(`C:\Windows\`, `\Logs`, "", `CBS\CBS.log`); got != `C:\Windows\Logs\CBS\CBS.log` {
		t.Errorf("join: got %s", got)
	}
	dir, name := image.Split(`C:\Windows\Logs`)
	if diff := cmp.Diff([]string{`C:\Windows`, "Logs"}, []string{dir, name}); diff != "" {
		t.Errorf("split (-want +got):\n%s", diff)
	}
}
