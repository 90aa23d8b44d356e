package winsys_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/winsys"
	writer "github.com/redx-update/redx/internal/write/hive"
)

// servicingHive gives a SOFTWARE hive of our own making, with what only servicing and installers write.
func servicingHive(t *testing.T) *winsys.Software {
	return winsys.NewSoftware(load(t, func(k *writer.Key) {
		k.Sub(windows+`Component Based Servicing\Version`).ExpandSZ("10.0.19041.3745", `%SystemRoot%\winsxs\stack`)
		cache := `Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\`
		k.Sub(cache+`Tree\Microsoft\Windows\Maps\Whole`).SZ("Id", "{1}")
		k.Sub(cache + `Tasks\{1}`)
		k.Sub(cache+`Tree\Microsoft\Windows\Maps\Half`).SZ("Id", "{2}")
		k.Sub(windows+`Policies\Servicing`).DWord("RepairContentServerSource", 2).SZ("LocalSourcePath", `\\server\sources`)
		data := windows + `Installer\UserData\S-1-5-18\`
		k.Sub(data+`Products\A\InstallProperties`).SZ("DisplayName", "Reader").SZ("LocalPackage", `C:\Windows\Installer\1.msi`).
			SZ("DisplayVersion", "1.2").SZ("InstallSource", `D:\`)
		k.Sub(data + `Products\A\Patches\P`)
		k.Sub(data+`Patches\P`).SZ("LocalPackage", `C:\Windows\Installer\2.msp`)
		k.Sub(data + `Patches\Q`)
	}))
}

func TestServicingKeys(t *testing.T) {
	s := servicingHive(t)
	stacks, err := s.StackFolders()
	if err != nil || len(stacks) != 1 || stacks[0].Version != "10.0.19041.3745" || stacks[0].Path != `%SystemRoot%\winsxs\stack` {
		t.Errorf("stacks %+v (%v)", stacks, err)
	}
	for path, want := range map[string][2]bool{
		`\Microsoft\Windows\Maps\Whole`: {true, true}, `Microsoft\Windows\Maps\Half`: {true, false}, `\Nowhere`: {},
		`\Microsoft\Windows\Maps`: {}, `\Microsoft`: {}, `\`: {}, // folders: who removes one removes all tasks in it
	} {
		task, err := s.Task(path)
		if got := [2]bool{task.InTree, task.Whole}; got != want || err != nil {
			t.Errorf("task %s: in tree and whole %v, want %v (%v)", path, got, want, err)
		}
	}
	source, err := s.OptionalSource()
	if err != nil || !source.WindowsUpdate || source.LocalPath != `\\server\sources` {
		t.Errorf("source %+v (%v)", source, err)
	}
}

func TestInstallerPackages(t *testing.T) {
	var got []string
	for p, err := range servicingHive(t).InstallerPackages() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join([]string{p.Name, p.Path, p.Version, p.Source}, "|"))
	}
	want := []string{`Reader|C:\Windows\Installer\1.msi|1.2|D:\`, `Reader|C:\Windows\Installer\2.msp||`, "|||"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestVersionName(t *testing.T) {
	for want, v := range map[string]winsys.Version{
		"Windows 10 Pro 22H2":          {Product: "Windows 10 Pro", Display: "22H2", Build: "19045"},
		"Windows 11 Pro 24H2":          {Product: "Windows 10 Pro", Display: "24H2", Build: "26100", Installation: "Client"},
		"Windows Server 2025 Standard": {Product: "Windows Server 2025 Standard", Build: "26100", Installation: "Server"},
		"Windows 7 Professional":       {Product: "Windows 7 Professional", Build: "7601"},
		"":                             {Build: "26100"},
	} {
		if got := v.Name(); got != want {
			t.Errorf("%+v is called %q, want %q", v, got, want)
		}
	}
}
