package repair

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
)

const (
	hashA    = "7f1c3e0a9b2d4c5e8f60718293a4b5c6"
	hashB    = "00ff3e0a9b2d4c5e8f60718293a4b5c6"
	download = `C:\Windows\SoftwareDistribution\Download\`
)

var windows = Root{Dir: `C:\Windows`}

func payload(id, hash string, size int64) doctor.Finding {
	return doctor.Finding{
		ID: id, Check: "payload-missing-download", Severity: doctor.Error, Confidence: doctor.Proven, Title: "files missing",
		Files: []doctor.File{{Path: download + hash + `\x.cab`, Size: size}},
		Next:  []string{"net stop wuauserv"},
	}
}

func likely(f doctor.Finding) doctor.Finding {
	f.Confidence, f.Surer = doctor.Likely, "look on the disk"
	return f
}

func because(f doctor.Finding, id string) doctor.Finding {
	f.BecauseOf = []string{id}
	return f
}

func content() doctor.Finding {
	return doctor.Finding{
		ID: "s", Check: "server-content-missing", Turn: doctor.ServersTurn, Severity: doctor.Error, Confidence: doctor.Proven, Title: "the server lacks a file",
		Next: []string{"curl -I http://wsus/Content/x.cab"},
	}
}

func component(id string) doctor.Finding {
	return doctor.Finding{
		ID: id, Check: "component-payload-missing", Severity: doctor.Error, Confidence: doctor.Proven, Title: "a component lacks a file",
		Next: []string{"DISM /Online /Cleanup-Image /RestoreHealth", "sfc /scannow", "start ms-settings:windowsupdate"},
	}
}

// of is a proven finding of a check that names no file.
func of(check string, turn doctor.Turn, next ...string) doctor.Finding {
	return doctor.Finding{
		ID: "x", Check: check, Severity: doctor.Error, Confidence: doctor.Proven, Title: "it broke", Turn: turn, Next: next,
	}
}

// in is the finding about a file.
func in(path string, f doctor.Finding) doctor.Finding {
	f.Files = []doctor.File{{Path: path}}
	return f
}

// scene is a live machine on which everything is there and nothing stands against a repair.
func scene() *Scene {
	return &Scene{
		Root: windows, Machine: "m", Live: true, Looked: true, Elevated: true, Free: 1 << 40,
		Folders: map[Target]Folder{
			{UpdateFolder, hashA}:        {Present: true, Bytes: 10},
			{UpdateFolder, hashB}:        {Present: true, Bytes: 20},
			{Rung: Download}:             {Present: true, Bytes: 300},
			{Rung: DataStore}:            {Present: true, Bytes: 5000},
			{Rung: SoftwareDistribution}: {Present: true, Bytes: 6000},
			{Rung: Catroot2}:             {Present: true, Bytes: 70},
		},
		Names: map[string][]string{`C:\Windows`: {"System32", "SoftwareDistribution"}},
	}
}

// summary is what the tests compare of a plan, a line each.
func summary(p *Plan) []string {
	var out []string
	for _, s := range p.Steps {
		var names []string
		for _, m := range s.Moves {
			names = append(names, m.Target.Path(p.Root)+" > "+m.Copy.Name())
		}
		out = append(out, fmt.Sprintf("%s [%s] %s download %d disk %d services %s", s.Rung, strings.Join(s.BecauseOf, " "),
			strings.Join(names, ", "), s.Download, s.Disk, strings.Join(s.Services, " ")))
	}
	for _, a := range p.Last {
		out = append(out, "last: "+a.String())
	}
	for _, r := range p.Refusals {
		out = append(out, fmt.Sprintf("refused %s: %s", r.Reason, r.Detail))
	}
	for _, t := range p.Turn {
		out = append(out, "turn: "+t)
	}
	for _, a := range p.Advice {
		out = append(out, "advice: "+a.Command)
	}
	return out
}

const four = "UsoSvc wuauserv bits dosvc"

var (
	ladderA = []string{
		"update-folder [a] " + download + hashA + " > SDTemp." + hashA + " download 14 disk 14 services " + four,
		`download [a] C:\Windows\SoftwareDistribution\Download > SDTemp.Download download 304 disk 304 services ` + four,
		`software-distribution [a] C:\Windows\SoftwareDistribution > SDTemp download 304 disk 5304 services ` + four,
	}
	dism = []string{"advice: DISM /Online /Cleanup-Image /RestoreHealth", "advice: sfc /scannow"}
	curl = "advice: curl -I http://wsus/Content/x.cab"
)

// makeTests are findings and scenes by what they show, with the summary of the plan.
var makeTests = map[string]struct {
	findings []doctor.Finding
	scene    func(*Scene)
	options  Options
	want     []string
}{
	"nothing found": {nil, nil, Options{}, nil},
	"only some rungs are allowed": {
		[]doctor.Finding{payload("a", hashA, 4)}, nil, Options{Rungs: []Rung{UpdateFolder, DataStore}}, ladderA[:1],
	},
	"none of its rungs is allowed": {
		[]doctor.Finding{payload("a", hashA, 4)},
		nil,
		Options{Rungs: []Rung{DataStore}},
		[]string{"turn: yours: what can help, [update-folder download software-distribution], is not allowed here: redx repair"},
	},
	"a missing payload climbs from its folder to the article": {
		[]doctor.Finding{payload("a", hashA, 4)}, nil, Options{}, ladderA,
	},
	"two updates share the rungs": {
		[]doctor.Finding{payload("a", hashA, 4), payload("b", strings.ToUpper(hashB), 0)},
		nil,
		Options{},
		[]string{
			"update-folder [a b] " + download + hashA + " > SDTemp." + hashA + ", " + download + hashB + " > SDTemp." + hashB +
				" download 34 disk 34 services " + four,
			`download [a b] C:\Windows\SoftwareDistribution\Download > SDTemp.Download download 304 disk 304 services ` + four,
			`software-distribution [a b] C:\Windows\SoftwareDistribution > SDTemp download 304 disk 5304 services ` + four,
		},
	},
	"names of older copies are kept, whatever their case": {
		[]doctor.Finding{payload("a", hashA, 4)},
		func(s *Scene) {
			s.Names[`C:\Windows`] = []string{"SDTEMP", "sdtemp.2", "SDTemp.download", "SDTemp." + strings.ToUpper(hashA)}
		},
		Options{},
		[]string{
			"update-folder [a] " + download + hashA + " > SDTemp." + hashA + ".2 download 14 disk 14 services " + four,
			`download [a] C:\Windows\SoftwareDistribution\Download > SDTemp.Download.2 download 304 disk 304 services ` + four,
			`software-distribution [a] C:\Windows\SoftwareDistribution > SDTemp.3 download 304 disk 5304 services ` + four,
		},
	},
	"a folder that is gone is no step": {
		[]doctor.Finding{payload("a", hashA, 4)},
		func(s *Scene) { s.Folders[Target{UpdateFolder, hashA}] = Folder{} },
		Options{},
		ladderA[1:],
	},
	"all folders gone": {
		[]doctor.Finding{payload("a", hashA, 4)},
		func(s *Scene) { s.Folders = nil },
		Options{},
		[]string{"turn: Windows': the folders that a repair would move are not there; check for updates again"},
	},
	"a file outside of the download folders supports no folder": {
		[]doctor.Finding{payload("a", `..\..\System32`, 4)}, nil, Options{}, ladderA[1:],
	},
	"what is likely is not repaired": {
		[]doctor.Finding{likely(payload("a", hashA, 4))},
		nil,
		Options{},
		[]string{"turn: yours: redx repairs only what is proven; to be surer: look on the disk"},
	},
	"a server's fault": {
		[]doctor.Finding{content()},
		nil,
		Options{},
		[]string{"turn: the job of whoever runs the update server; do not reset this computer: the server lacks a file", curl},
	},
	"a consequence of the server's fault is not repaired": {
		[]doctor.Finding{content(), because(payload("a", hashA, 4), "s")},
		nil,
		Options{},
		[]string{"turn: the job of whoever runs the update server; do not reset this computer: the server lacks a file", curl},
	},
	"another update's fault is repaired beside the server's": {
		[]doctor.Finding{content(), payload("a", hashA, 4)}, nil, Options{}, append(append([]string{}, ladderA...), curl),
	},
	"the component store is advice": {
		[]doctor.Finding{component("c")},
		nil,
		Options{},
		append([]string{"turn: yours, by the commands below; redx does not run them: a component lacks a file"}, dism...),
	},
	"a damaged payload climbs as a missing one does": {
		[]doctor.Finding{func() doctor.Finding { f := payload("a", hashA, 4); f.Check = "payload-damaged"; return f }()},
		nil,
		Options{},
		ladderA,
	},
	"a damaged datastore alone, then all": {
		[]doctor.Finding{of("datastore-damaged", doctor.OwnersTurn, "net stop wuauserv")},
		nil,
		Options{},
		[]string{
			`datastore [x] C:\Windows\SoftwareDistribution\DataStore > SDTemp.DataStore download 0 disk 5000 services UsoSvc wuauserv`,
			`software-distribution [x] C:\Windows\SoftwareDistribution > SDTemp download 300 disk 5300 services ` + four,
		},
	},
	"a damaged catalog database": {
		[]doctor.Finding{of("catalog-database-damaged", doctor.OwnersTurn)},
		nil,
		Options{},
		[]string{`catroot2 [x] C:\Windows\System32\catroot2 > catroot2.SDTemp download 0 disk 70 services UsoSvc wuauserv cryptsvc`},
	},
	"what cannot be undone must be allowed": {
		[]doctor.Finding{of("bits-queue-damaged", doctor.OwnersTurn)},
		nil,
		Options{},
		[]string{"turn: yours: cancelling Windows Update's transfer jobs cannot be undone; redx does it when that is allowed " +
			"(--allow-irreversible)"},
	},
	"what cannot be undone, allowed": {
		[]doctor.Finding{of("bits-queue-damaged", doctor.OwnersTurn)},
		nil,
		Options{AllowIrreversible: true},
		[]string{"last: cancel the BITS jobs of Windows Update"},
	},
	"what cannot be undone comes after the rest": {
		[]doctor.Finding{of("bits-queue-damaged", doctor.OwnersTurn), payload("a", hashA, 4)},
		nil,
		Options{AllowIrreversible: true},
		append(append([]string{}, ladderA...), "last: cancel the BITS jobs of Windows Update"),
	},
	"allowed without a finding is nothing": {nil, nil, Options{AllowIrreversible: true}, nil},
	"transfer jobs of a Windows that does not run": {
		[]doctor.Finding{of("bits-queue-damaged", doctor.OwnersTurn)},
		func(s *Scene) { s.Live = false },
		Options{AllowIrreversible: true},
		[]string{"turn: that Windows' own: its transfer jobs can be cancelled only while it runs"},
	},
	"what cannot be undone is refused as all else": {
		[]doctor.Finding{of("bits-queue-damaged", doctor.OwnersTurn)},
		func(s *Scene) { s.Pending = []string{"pending.xml"} },
		Options{AllowIrreversible: true},
		[]string{"refused restart-pending: a restart is pending: pending.xml"},
	},
	"the network's fault": {
		[]doctor.Finding{of("network-or-proxy", doctor.NetworksTurn, "netsh winhttp show proxy")},
		nil,
		Options{},
		[]string{
			"turn: the job of whoever runs the network; do not reset this computer: it broke", "advice: netsh winhttp show proxy",
		},
	},
	"a fault elsewhere moves nothing, whatever the check": {
		[]doctor.Finding{func() doctor.Finding { f := payload("a", hashA, 4); f.Turn = doctor.NetworksTurn; return f }()},
		nil,
		Options{},
		[]string{"turn: the job of whoever runs the network; do not reset this computer: files missing"},
	},
	"Windows' own": {
		[]doctor.Finding{of("restart-pending", doctor.WindowsTurn, "shutdown /r /t 0", "start ms-settings:windowsupdate")},
		nil,
		Options{},
		[]string{"turn: Windows' own: it broke", "advice: shutdown /r /t 0"},
	},
	"offline no service is touched": {
		[]doctor.Finding{payload("a", hashA, 4)},
		func(s *Scene) { s.Live, s.Elevated = false, false },
		Options{},
		[]string{
			strings.TrimSuffix(ladderA[0], four), strings.TrimSuffix(ladderA[1], four), strings.TrimSuffix(ladderA[2], four),
		},
	},
	"redx's own folder: no Windows service is touched": {
		nil, func(s *Scene) { s.Root = Root{Dir: `C:\ProgramData\redx\agent`, Own: true} },
		Options{Article: true},
		[]string{`software-distribution [] C:\ProgramData\redx\agent\SoftwareDistribution > SDTemp download 300 disk 5300 services `},
	},
	"what is about redx's own folder moves nothing of Windows'": {
		[]doctor.Finding{in(`c:\programdata\REDX\SoftwareDistribution\DataStore\DataStore.edb`, of("datastore-damaged", doctor.OwnersTurn))},
		nil,
		Options{},
		[]string{"turn: that of redx's own agent, whose files these are: it broke"},
	},
	"what is about Windows' folder moves nothing of redx's": {
		[]doctor.Finding{payload("a", hashA, 4)},
		func(s *Scene) { s.Root = Root{Dir: `C:\ProgramData\redx`, Own: true} },
		Options{},
		[]string{"turn: that of Windows' own agent, whose files these are: files missing"},
	},
	"a disk may have been called by another letter": {
		[]doctor.Finding{in(`D:\Windows\SoftwareDistribution\DataStore\DataStore.edb`, of("datastore-damaged", doctor.OwnersTurn))},
		nil,
		Options{Rungs: []Rung{DataStore}},
		[]string{`datastore [x] C:\Windows\SoftwareDistribution\DataStore > SDTemp.DataStore download 0 disk 5000 services UsoSvc wuauserv`},
	},
	"the article waives the proof": {
		[]doctor.Finding{likely(payload("a", hashA, 4))},
		nil,
		Options{Article: true},
		[]string{"software-distribution [] C:\\Windows\\SoftwareDistribution > SDTemp download 300 disk 5300 services " + four},
	},
	"the article waives no refusal": {
		nil, func(s *Scene) { s.Pending = []string{"pending.xml"} },
		Options{Article: true},
		[]string{"refused restart-pending: a restart is pending: pending.xml"},
	},
	"nothing to do is not refused": {
		nil, func(s *Scene) { s.Pending = []string{"pending.xml"} }, Options{}, nil,
	},
	"every refusal is named, the gravest first": {
		[]doctor.Finding{payload("a", hashA, 4)},
		func(s *Scene) {
			s.Elevated, s.Installing, s.Pending = false, []string{"TiWorker"}, []string{"RebootPending", "pending.xml"}
			s.Locked, s.Hibernated, s.Dirty, s.ReadOnly, s.Free = true, `C:\hiberfil.sys`, true, "an image file", 5303
			s.Unseen = []string{"SOFTWARE"}
			s.Folders[Target{Rung: Download}] = Folder{Present: true, Reparse: []string{"D"}, Foreign: `D:\x`, Bytes: 300}
		},
		Options{},
		[]string{
			"refused not-elevated: redx runs without the rights of an administrator",
			"refused install-running: an update is being installed: TiWorker",
			"refused restart-pending: a restart is pending: RebootPending",
			"refused restart-pending: a restart is pending: pending.xml",
			"refused bitlocker: the volume is locked by BitLocker",
			`refused hibernated: the installation is hibernated: C:\hiberfil.sys`,
			"refused dirty-volume: the volume was not closed properly",
			"refused read-only: an image file",
			"refused reparse-point: D is a reparse point",
			`refused other-volume: D:\x is on another volume`,
			"refused disk-space: 5303 bytes are free, 5304 are needed",
			"refused not-seen: could not be looked at: SOFTWARE",
		},
	},
}

func TestMake(t *testing.T) {
	for name, tt := range makeTests {
		t.Run(name, func(t *testing.T) {
			s := scene()
			if tt.scene != nil {
				tt.scene(s)
			}
			p, err := Make(tt.findings, s, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, summary(p)); d != "" {
				t.Errorf("plan differs (-want +got):\n%s", d)
			}
			if len(p.Refusals) > 0 && !p.Empty() {
				t.Error("a refused plan has steps")
			}
		})
	}
}

func TestTargetsAreAllThatMakeMoves(t *testing.T) {
	findings := []doctor.Finding{
		payload("a", hashA, 4), payload("b", hashB, 4), component("c"), content(),
		of("datastore-damaged", doctor.OwnersTurn), of("catalog-database-damaged", doctor.OwnersTurn),
	}
	targets := map[Target]bool{}
	for _, tg := range Targets(findings, windows) {
		if err := tg.Check(windows); err != nil {
			t.Error(err)
		}
		targets[tg] = true
	}
	p, err := Make(findings, scene(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range moves(p.Steps) {
		if !targets[m.Target] {
			t.Errorf("%v is moved but not among the targets", m.Target)
		}
	}
}

// TestRisks holds that every command that is advised says what it risks.
func TestRisks(t *testing.T) {
	for command, want := range map[string]string{
		"dism /online /cleanup-image /restorehealth": risk("DISM "),
		"DISM /Online /Get-Packages":                 harmless,
		"format c:":                                  unlisted,
		"sc":                                         unlisted,
	} {
		if got := risk(command); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}

func TestReasons(t *testing.T) {
	exits := map[Reason]int{NotElevated: 5, InstallRunning: 12, RestartPending: 12}
	hints := map[string]bool{}
	all := []Reason{
		NotElevated, InstallRunning, RestartPending, Hibernated, Dirty, ReadOnly, Locked, ReparsePoint, OtherVolume, DiskSpace,
		NotSeen,
	}
	for _, r := range all {
		want := 1
		if e, ok := exits[r]; ok {
			want = e
		}
		if got := r.Exit(); got != want {
			t.Errorf("%s: exit %d, want %d", r, got, want)
		}
		hints[r.Hint()] = true
	}
	if len(hints) != len(all) {
		t.Error("two reasons have one hint")
	}
}
