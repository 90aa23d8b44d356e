package win

import "testing"

// TestDirtyVolume asks the volume that the tests run on. That Wine has none that is dirty is all that it can show; what
// counts there is that no error comes.
func TestDirtyVolume(t *testing.T) {
	if dirty, err := DirtyVolume(t.TempDir()); err != nil || dirty {
		t.Errorf("%v, %v", dirty, err)
	}
	if _, err := DirtyVolume(`Q:\nowhere`); err == nil {
		t.Error("a drive that is not there was asked")
	}
}
