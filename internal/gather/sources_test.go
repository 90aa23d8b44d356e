package gather_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/lab"
)

const sources = `What each source says of attempts and of the update server.
-- expect --
nothing
-- Windows/System32/config/SOFTWARE.reg --
[Microsoft\Windows NT\CurrentVersion]
"ProductName"="Windows 10 Pro"
"CurrentBuild"="19045"
"SystemRoot"="C:\Windows"

[Policies\Microsoft\Windows\WindowsUpdate]
"WUServer"="http://wsus:8530"

[Policies\Microsoft\Windows\WindowsUpdate\AU]
"UseWUServer"=dword:00000001

[Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\Package_for_KB5034122~31bf3856ad364e35~amd64~~10.0.1.2]
"CurrentState"=dword:00000070
"InstallTimeHigh"=dword:01da4430
"InstallTimeLow"=dword:00000000

[Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\Package_for_KB5034123~31bf3856ad364e35~amd64~~10.0.1.2]
"CurrentState"=dword:00000040
"InstallTimeHigh"=dword:01da4430
"InstallTimeLow"=dword:00000000
-- Windows/System32/winevt/Logs/System.evtx.toml --
channel = "System"
computer = "LAB-PC"

[[event]]
provider = "Microsoft-Windows-WindowsUpdateClient"
id = 19
time = 2024-01-11T02:15:09Z
data = [["updateTitle", "A (KB5000001)"], ["updateGuid", "{5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d01}"], ["updateRevisionNumber", "1"]]

[[event]]
provider = "Microsoft-Windows-WindowsUpdateClient"
id = 20
level = 2
time = 2024-01-11T03:15:09Z
data = [["errorCode", "0x80070003"], ["updateTitle", "B (KB5000002)"], ["updateGuid", "{5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d02}"], ["updateRevisionNumber", "1"]]

[[event]]
provider = "Microsoft-Windows-WindowsUpdateClient"
id = 43
time = 2024-01-11T03:14:09Z
data = [["updateTitle", "B (KB5000002)"], ["updateGuid", "{5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d02}"], ["updateRevisionNumber", "1"]]
-- ProgramData/USOPrivate/UpdateStore/store.db.sql --
CREATE TABLE COMPLETEDUPDATES(PROVIDERID TEXT, UPDATEID TEXT, TIME INTEGER, TITLE TEXT, DESCRIPTION TEXT, MOREINFOURL TEXT,
  HISTORYCATEGORY INTEGER, UNINSTALL INTEGER, WASREBOOTREQUIRED INTEGER, FOROS INTEGER, METADATA TEXT);
INSERT INTO COMPLETEDUPDATES VALUES('x', 'short', 1704874844, 'C (KB5000003)', '', '', 4, 1, 0, 0, '{}');
INSERT INTO COMPLETEDUPDATES VALUES('x', 'b1f9e1f4-0c6e-4f39-8c56-6d1b0e2a7c11', 1704874845, 'D (KB5000004)', '', '', 4, 0, 0, 0, '{}');
`

func TestWhatSourcesSay(t *testing.T) {
	s, err := lab.Parse("sources", []byte(sources))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "C")
	if err := lab.Build(s, dir); err != nil {
		t.Fatal(err)
	}
	set := ofImage(t, dir)
	var got []string
	for _, e := range events(set, evidence.Attempt) {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", e.Time.Format("01-02 15:04:05"), e.Update.KB,
			e.Field(evidence.Operation), e.Field(evidence.Result), e.Code.Hex()))
	}
	want := []string{
		"01-10 08:20:44 KB5000003 uninstall succeeded 0x00000000",
		"01-10 08:20:45 KB5000004 install succeeded 0x00000000",
		"01-11 01:46:30 KB5034122 install succeeded 0x00000000", // staged KB5034123 is not installed
		"01-11 02:15:09 KB5000001 install succeeded 0x00000000",
		"01-11 03:15:09 KB5000002 install failed 0x80070003",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	servers := events(set, evidence.UpdateServer)
	if len(servers) != 1 || servers[0].Field(evidence.URL) != "http://wsus:8530" ||
		servers[0].Source.Path != `HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate` {
		t.Errorf("update servers %+v", servers)
	}
	if len(set.Unread()) > 0 {
		t.Errorf("unread %v", set.Unread())
	}
}
