package offline

import "testing"

func TestWholeDrive(t *testing.T) {
	for path, want := range map[string]string{
		`D:`: `D:\`, `D:\`: `D:\`, `D:x`: `D:x`, `x`: `x`, `\\server\share`: `\\server\share`, `\\?\C:`: `\\?\C:\`,
	} {
		if got := wholeDrive(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
