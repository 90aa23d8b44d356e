package check

import (
	"testing"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// TestSetupFolder holds that only a folder on a drive gets into a command: a name out of a hive could be that of anybody's server,
// or end the quotation.
func TestSetupFolder(t *testing.T) {
	for from, want := range map[string]string{
		`D:\Setup\`: `dir "D:\Setup\*.msi"`, `E:\`: `dir "E:\*.msi"`, `\\server\share\`: "", `D:\a" & del x`: "", "": "", `D:x\`: "", `D:\%TEMP%\`: "",
	} {
		f := doctor.Finding{Proof: []*evidence.Event{{Kind: evidence.InstallerCache, Fields: map[string]string{evidence.From: from}}}}
		describeInstaller(&f)
		if want == "" {
			want = `reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\Products /s /v InstallSource`
		}
		if f.Next[0] != want {
			t.Errorf("%s: %s", from, f.Next[0])
		}
	}
}
