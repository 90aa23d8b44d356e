package winsys_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
	"github.com/redx-update/redx/internal/winsys"
	writer "github.com/redx-update/redx/internal/write/hive"
)

const windows = `Microsoft\Windows\CurrentVersion\`

// software gives a SOFTWARE hive of our own making; there is no real sample of one.
func software(t *testing.T) *winsys.Software {
	return winsys.NewSoftware(load(t, func(k *writer.Key) {
		k.Sub(`Microsoft\Windows NT\CurrentVersion`).SZ("ProductName", "Windows 10 Pro").SZ("EditionID", "Professional").
			SZ("InstallationType", "Client").SZ("DisplayVersion", "22H2").SZ("ReleaseId", "2009").SZ("CurrentBuild", "19045").
			DWord("CurrentMajorVersionNumber", 10).DWord("CurrentMinorVersionNumber", 0).DWord("UBR", 3996).
			SZ("SystemRoot", `C:\Windows`)
		k.Sub(`Microsoft\Windows NT\CurrentVersion\ProfileList`).ExpandSZ("ProfilesDirectory", `%SystemDrive%\Users`).
			ExpandSZ("ProgramData", `%SystemDrive%\ProgramData`).
			Sub("S-1-5-18").ExpandSZ("ProfileImagePath", `%systemroot%\system32\config\systemprofile`).DWord("State", 4).
			Set("Sid", registry.Binary, []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0})
		k.Sub(`Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1-2-3-1001.bak`)
		k.Sub(`Microsoft\Cryptography`).SZ("MachineGuid", "7b4c0a9e-0000-4000-8000-000000000001")
		flag := k.Sub(windows + `Component Based Servicing\RebootPending`)
		flag.Time = time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
		k.Sub(windows + `WindowsUpdate\Auto Update\RebootRequired`)
		ticks := winbin.PutFiletime(flag.Time)
		p := k.Sub(windows + `Component Based Servicing\Packages\Package_for_KB1~31bf3856ad364e35~amd64~~1.0`)
		p.DWord("CurrentState", 112).DWord("InstallTimeHigh", uint32(ticks>>32)).DWord("InstallTimeLow", uint32(ticks)).
			SZ("InstallName", "Package_for_KB1~31bf3856ad364e35~amd64~~1.0.mum").DWord("Visibility", 1).DWord("LastError", 0x80070002)
		p.Sub("Owners").DWord("Package_for_KB1~31bf3856ad364e35~amd64~~1.0", 0x20070)
		k.Sub(windows+`Component Based Servicing\Packages\Package_for_KB2`).DWord("CurrentState", 0xffffff90)
		k.Sub(`Policies\Microsoft\Windows\WindowsUpdate`).SZ("WUServer", "http://wsus:8530").SZ("WUStatusServer", "http://wsus:8530").
			DWord("DoNotConnectToWindowsUpdateInternetLocations", 1).
			Sub("AU").DWord("UseWUServer", 1)
		k.Sub(`Microsoft\WindowsUpdate\UX\Settings`).SZ("PauseUpdatesExpiryTime", "2024-06-01T10:00:00Z").
			SZ("PauseQualityUpdatesEndTime", "2024-05-01T10:00:00Z")
	}))
}

func TestVersion(t *testing.T) {
	got := must[winsys.Version](t)(software(t).Version())
	want := winsys.Version{
		Where: `SOFTWARE\Microsoft\Windows NT\CurrentVersion`, Product: "Windows 10 Pro", Edition: "Professional",
		Installation: "Client", Display: "22H2", Major: 10, Build: "19045", Revision: 3996, SystemRoot: `C:\Windows`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Full() != "10.0.19045.3996" {
		t.Errorf("full: %s", got.Full())
	}
	old := winsys.NewSoftware(load(t, func(k *writer.Key) {
		k.Sub(`Microsoft\Windows NT\CurrentVersion`).SZ("CurrentVersion", "6.1").SZ("CurrentBuildNumber", "7601")
	}))
	if v := must[winsys.Version](t)(old.Version()); v.Full() != "6.1.7601" {
		t.Errorf("Windows 7: %s", v.Full())
	}
}

func TestRebootFlags(t *testing.T) {
	got := must[[]winsys.Flag](t)(software(t).RebootFlags())
	want := []winsys.Flag{
		{"RebootPending", `SOFTWARE\` + windows + `Component Based Servicing\RebootPending`, time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)},
		{Name: "RebootRequired", Where: `SOFTWARE\` + windows + `WindowsUpdate\Auto Update\RebootRequired`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPackages(t *testing.T) {
	var got []winsys.Package
	for p, err := range software(t).Packages() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	const name = "Package_for_KB1~31bf3856ad364e35~amd64~~1.0"
	where := `SOFTWARE\` + windows + `Component Based Servicing\Packages\`
	want := []winsys.Package{
		{
			Name: name, Where: where + name, State: winsys.Installed, HasState: true,
			Installed: time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC), InstallName: name + ".mum", Visibility: 1,
			LastError: 0x80070002, Owners: []string{name},
		},
		{Name: "Package_for_KB2", Where: where + "Package_for_KB2", State: -112, HasState: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := want[1].State.String(); got != "state -112" {
		t.Error(got)
	}
}

func TestProfiles(t *testing.T) {
	s := software(t)
	var got []winsys.Profile
	for p, err := range s.Profiles() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	where := `SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	want := []winsys.Profile{
		{"S-1-5-18", where + `\S-1-5-18`, `%systemroot%\system32\config\systemprofile`, 4, true},
		{SID: "S-1-5-21-1-2-3-1001.bak", Where: where + `\S-1-5-21-1-2-3-1001.bak`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	folders := must[winsys.Folders](t)(s.Folders())
	if diff := cmp.Diff(winsys.Folders{
		Where: where, Profiles: `%SystemDrive%\Users`, ProgramData: `%SystemDrive%\ProgramData`,
	}, folders); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPolicy(t *testing.T) {
	got := must[winsys.Policy](t)(software(t).Policy())
	where := `SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate`
	ux := `SOFTWARE\Microsoft\WindowsUpdate\UX\Settings`
	want := winsys.Policy{
		Where: where, Server: "http://wsus:8530", StatusServer: "http://wsus:8530", UseServer: true, NoInternet: true,
		PausedUntil: time.Date(2024, 6, 1, 10, 0, 0, 0, time.UTC), PausedWhere: ux + `\PauseUpdatesExpiryTime`,
		Settings: []winsys.Setting{
			{"WUServer", where, "http://wsus:8530"},
			{"WUStatusServer", where, "http://wsus:8530"},
			{"DoNotConnectToWindowsUpdateInternetLocations", where, "1"},
			{"UseWUServer", where + `\AU`, "1"},
			{"PauseUpdatesExpiryTime", ux, "2024-06-01T10:00:00Z"},
			{"PauseQualityUpdatesEndTime", ux, "2024-05-01T10:00:00Z"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMachineGUID(t *testing.T) {
	id, where, err := software(t).MachineGUID()
	if err != nil || id != "7b4c0a9e-0000-4000-8000-000000000001" || where != `SOFTWARE\Microsoft\Cryptography` {
		t.Errorf("got %s at %s, %v", id, where, err)
	}
}

func TestStoreState(t *testing.T) {
	c := winsys.NewComponents(load(t, func(k *writer.Key) {
		k.DWord("StoreDirty", 1).Set("PendingXmlIdentifier", registry.Binary, []byte("some id"))
	}))
	got := must[winsys.StoreState](t)(c.State())
	want := winsys.StoreState{
		Where: "COMPONENTS", Dirty: true, PendingXML: []byte("some id"), Values: []string{"StoreDirty", "PendingXmlIdentifier"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
