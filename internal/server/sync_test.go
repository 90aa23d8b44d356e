package server

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// small is a world with roots (1 to 3), what waits for them (10, 11), a bundle (20) with its members (21, 22), an update that
// only another group has (30) and one that nobody has (40).
func small() *world {
	w := newWorld()
	w.add(1, catalog.Category).CategoryType = "Product"
	w.add(2, catalog.Detectoid)
	w.add(3, catalog.Category).CategoryType = "UpdateClassification"
	w.add(10, catalog.Software, 1, 2, 3)
	w.add(11, catalog.Software, 1, 3)
	b := w.add(20, catalog.Software, 1, 3)
	b.Bundles = [][]update.ID{{{GUID: uid(21), Revision: 100}}, {{GUID: uid(22), Revision: 100}}}
	w.add(21, catalog.Software)
	w.add(22, catalog.Software, 2)
	w.add(30, catalog.Software, 1)
	w.add(40, catalog.Software, 1)
	for _, id := range []int{10, 11, 20} {
		w.approve(id, deploy.AllComputers, deploy.Install)
	}
	w.approve(30, other, deploy.Install)
	w.compile()
	return w
}

// scan synchronises like Windows' agent, which takes everything that is not a leaf for installed: it stops when nothing new
// comes. It gives all new updates in the order in which they came, and the parameters of the last request.
func (a *agent) scan() ([]clientws.UpdateInfo, clientws.SyncUpdateParameters) {
	a.t.Helper()
	var p clientws.SyncUpdateParameters
	var all []clientws.UpdateInfo
	for range 100 {
		info, err := a.sync(p)
		a.must(err)
		if len(info.NewUpdates) == 0 {
			return all, p
		}
		for _, u := range info.NewUpdates {
			if u.IsLeaf {
				p.OtherCachedUpdateIDs = append(p.OtherCachedUpdateIDs, u.ID)
			} else {
				p.InstalledNonLeafUpdateIDs = append(p.InstalledNonLeafUpdateIDs, u.ID)
			}
		}
		all = append(all, info.NewUpdates...)
	}
	a.t.Fatal("the scan does not end")
	return nil, p
}

func ids(updates []clientws.UpdateInfo) []int32 {
	var all []int32
	for _, u := range updates {
		all = append(all, u.ID)
	}
	return all
}

func TestFirstScan(t *testing.T) {
	w := small()
	all, _ := newAgent(t, w).handshake().scan()
	got := map[int32]string{}
	for _, u := range all {
		if u.Deployment == nil {
			t.Fatalf("update %d has no deployment", u.ID)
		}
		got[u.ID] = fmt.Sprintf("%s leaf=%t assigned=%t", u.Deployment.Action, u.IsLeaf, u.Deployment.IsAssigned)
		if want := w.fragments[catalog.RevisionID(u.ID)].Core; u.XML != want {
			t.Errorf("update %d has %q", u.ID, u.XML)
		}
	}
	want := map[int32]string{
		1: "Evaluate leaf=false assigned=true", 2: "Evaluate leaf=false assigned=true", 3: "Evaluate leaf=false assigned=true",
		10: "Install leaf=true assigned=true", 11: "Install leaf=true assigned=true", 20: "Install leaf=true assigned=true",
		21: "Bundle leaf=true assigned=true", 22: "Bundle leaf=true assigned=true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	order := ids(all)
	for _, root := range []int32{1, 2, 3} {
		if slices.Index(order, root) > 3 {
			t.Errorf("root %d comes late: %v", root, order)
		}
	}
}

func TestPages(t *testing.T) {
	w := newWorld()
	for i := 1; i <= 8; i++ {
		w.add(i, catalog.Software)
		w.approve(i, deploy.AllComputers, deploy.Install)
	}
	w.compile()
	a := newAgent(t, w).handshake()
	var p clientws.SyncUpdateParameters
	// The last page is full, and not truncated.
	for _, truncated := range []bool{true, false} {
		info, err := a.sync(p)
		a.must(err)
		if len(info.NewUpdates) != 4 || info.Truncated != truncated {
			t.Errorf("%d updates, truncated %t; want 4, %t", len(info.NewUpdates), info.Truncated, truncated)
		}
		p.OtherCachedUpdateIDs = append(p.OtherCachedUpdateIDs, ids(info.NewUpdates)...)
	}
	b := newAgent(t, w).handshake()
	b.scan()
	if w.fetched != 16 {
		t.Errorf("core fragments of 8 updates for two servers were fetched %d times", w.fetched)
	}
}

func TestChanges(t *testing.T) {
	w := small()
	a := newAgent(t, w).handshake()
	_, p := a.scan()
	w.pass(time.Minute)
	steady, err := a.sync(p)
	a.must(err)
	if steady.NewUpdates != nil || steady.ChangedUpdates != nil || steady.OutOfScopeRevisionIDs != nil || steady.Truncated {
		t.Errorf("nothing happened, and the answer is %+v", steady)
	}
	// 10 is only looked for now, 11 is declined, 30 is new, and with it 1 becomes nothing else than it was.
	deadline := w.now().Add(day)
	w.approve(10, deploy.Unassigned, deploy.DetectOnly)
	w.approve(30, deploy.Unassigned, deploy.Install)
	w.approvals[len(w.approvals)-1].Deadline = &deadline
	w.declined[uid(11)] = w.now()
	w.compile()
	info, err := a.sync(p)
	a.must(err)
	if got := ids(info.NewUpdates); !slices.Equal(got, []int32{30}) || info.NewUpdates[0].Deployment.Deadline != soap.FormatTime(deadline) {
		t.Errorf("new are %v", got)
	}
	if got := ids(info.ChangedUpdates); !slices.Equal(got, []int32{10}) || info.ChangedUpdates[0].Deployment.Action != clientws.PreDeploymentCheck || info.ChangedUpdates[0].XML != "" {
		t.Errorf("changed are %v: %+v", got, info.ChangedUpdates)
	}
	if !slices.Equal(info.OutOfScopeRevisionIDs, []int32{11}) {
		t.Errorf("gone are %v", info.OutOfScopeRevisionIDs)
	}
	p.OtherCachedUpdateIDs = append(slices.DeleteFunc(p.OtherCachedUpdateIDs, func(id int32) bool { return id == 11 }), 30)
	if info, err = a.sync(p); err != nil || info.ChangedUpdates != nil {
		t.Errorf("told twice: %+v, %v", info, err)
	}
}

// TestMove has a computer move to a group where the same updates are deployed in another way.
func TestMove(t *testing.T) {
	w := small()
	w.approve(10, other, deploy.DetectOnly)
	w.compile()
	a := newAgent(t, w).handshake()
	_, p := a.scan()
	w.computers[a.id].Groups = []deploy.GroupID{other}
	_, err := a.sync(p)
	wantCode(t, err, soap.ConfigChanged)
	a.getConfig()
	a.must(a.getCookie(a.authorize()))
	info, err := a.sync(p)
	a.must(err)
	at := slices.IndexFunc(info.ChangedUpdates, func(u clientws.UpdateInfo) bool { return u.ID == 10 })
	if at < 0 || info.ChangedUpdates[at].Deployment.Action != clientws.PreDeploymentCheck {
		t.Errorf("the new group's deployment does not come: %v", ids(info.ChangedUpdates))
	}
	if !slices.Equal(ids(info.NewUpdates), []int32{30}) {
		t.Errorf("new are %v", ids(info.NewUpdates))
	}
}

func TestSyncRefuses(t *testing.T) {
	a := newAgent(t, small()).handshake()
	_, err := a.sync(clientws.SyncUpdateParameters{InstalledNonLeafUpdateIDs: make([]int32, 400), OtherCachedUpdateIDs: make([]int32, 5000)})
	wantCode(t, err, "")
	_, err = a.sync(clientws.SyncUpdateParameters{InstalledNonLeafUpdateIDs: make([]int32, 401)})
	wantInvalid(t, err, "parameters.InstalledNonLeafUpdateIDs")
	for _, devices := range [][]clientws.Device{{{}}, {}} {
		_, err = a.sync(clientws.SyncUpdateParameters{SystemSpec: devices})
		wantInvalid(t, err, "parameters.SystemSpec")
	}
	_, err = a.sync(clientws.SyncUpdateParameters{FilterCategoryIDs: []clientws.CategoryIdentifier{{ID: "x"}}})
	wantInvalid(t, err, "parameters.FilterCategoryIds.CategoryIdentifier.Id")
	_, err = a.sync(clientws.SyncUpdateParameters{FilterCategoryIDs: slices.Repeat([]clientws.CategoryIdentifier{{ID: uid(1).String()}}, 200)})
	wantInvalid(t, err, "parameters.FilterCategoryIds")
	err = a.client(&clientws.SyncUpdates{Cookie: a.cookie}, &clientws.SyncUpdatesResponse{})
	wantInvalid(t, err, "parameters")
	err = a.client(&clientws.SyncUpdates{Parameters: &clientws.SyncUpdateParameters{}}, &clientws.SyncUpdatesResponse{})
	wantCode(t, err, soap.InvalidCookie)
}

// TestOldClients makes sure that clients get what their protocol version has, and no more.
func TestOldClients(t *testing.T) {
	for _, tt := range []struct{ protocol, autoSelect, noDrivers string }{
		{"1.0", "", ""}, {"1.6", "", ""}, {"1.7", "", "true"}, {"1.8", "0", "true"}, {"2.90", "0", "true"}, {"10.0", "0", "true"},
	} {
		w := small()
		a := newAgent(t, w)
		a.protocol = tt.protocol
		info, err := a.handshake().sync(clientws.SyncUpdateParameters{})
		a.must(err)
		d := info.NewUpdates[0].Deployment
		if d.AutoSelect != tt.autoSelect || d.AutoDownload != tt.autoSelect || d.SupersedenceBehavior != tt.autoSelect || info.DriverSyncNotNeeded != tt.noDrivers {
			t.Errorf("%s: %+v, DriverSyncNotNeeded %q", tt.protocol, d, info.DriverSyncNotNeeded)
		}
		if d.LastChangeTime != "2026-10-03" {
			t.Errorf("%s: LastChangeTime %s", tt.protocol, d.LastChangeTime)
		}
	}
}

func TestCategoryScan(t *testing.T) {
	w := small()
	w.add(4, catalog.Category).CategoryType = "Product"
	w.add(12, catalog.Software, 4)
	w.approve(12, deploy.AllComputers, deploy.Install)
	w.compile()
	a := newAgent(t, w).handshake()
	_, p := a.scan()
	p.OtherCachedUpdateIDs = append(p.OtherCachedUpdateIDs, 40, 9999)
	p.FilterCategoryIDs = []clientws.CategoryIdentifier{{ID: uid(4).String()}}
	info, err := a.sync(p)
	a.must(err)
	if got := len(info.OutOfScopeRevisionIDs); got != 10 || info.DeployedOutOfScopeRevisionIDs != nil {
		t.Errorf("one list has %v, the other %v", info.OutOfScopeRevisionIDs, info.DeployedOutOfScopeRevisionIDs)
	}
	p.NeedTwoGroupOutOfScopeUpdates = true
	info, err = a.sync(p)
	a.must(err)
	if got := info.OutOfScopeRevisionIDs; !slices.Equal(got, []int32{40, 9999}) {
		t.Errorf("no longer deployed are %v", got)
	}
	got := slices.Sorted(slices.Values(info.DeployedOutOfScopeRevisionIDs))
	if !slices.Equal(got, []int32{1, 2, 3, 10, 11, 20, 21, 22}) {
		t.Errorf("not asked for are %v", got)
	}
}

func TestStartCategoryScan(t *testing.T) {
	w := small()
	w.add(4, catalog.Category).CategoryType = "Product"
	w.compile()
	a := newAgent(t, w)
	const product, software, unknown, classification = 1, 10, 99, 3
	tests := []struct {
		name      string
		asked     [][2]int // index, category
		preferred []int
		inError   []int
	}{
		{"nothing", [][2]int{}, nil, nil},
		{"a product", [][2]int{{0, product}}, []int{product}, nil},
		{"with a classification", [][2]int{{1, classification}, {1, product}}, []int{product}, nil},
		{"two groups", [][2]int{{0, product}, {7, 4}, {7, classification}}, []int{product, 4}, nil},
		{"an unknown one takes its group with it", [][2]int{{0, product}, {0, unknown}, {1, 4}}, []int{4}, []int{unknown}},
		{"an update is no category", [][2]int{{0, software}}, nil, []int{software}},
		{"two products in a group", [][2]int{{0, 4}, {1, product}, {1, 4}}, nil, nil},
		{"a classification alone", [][2]int{{0, product}, {1, classification}}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &clientws.StartCategoryScan{RequestedCategories: []clientws.CategoryRelationship{}}
			for _, x := range tt.asked {
				r.RequestedCategories = append(r.RequestedCategories, clientws.CategoryRelationship{IndexOfAndGroup: int32(x[0]), CategoryID: uid(x[1]).String()})
			}
			var got clientws.StartCategoryScanResponse
			a.must(a.client(r, &got))
			want := clientws.StartCategoryScanResponse{PreferredCategoryIDs: uids(tt.preferred), RequestedCategoryIDsInError: uids(tt.inError)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	wantInvalid(t, a.client(&clientws.StartCategoryScan{}, &clientws.StartCategoryScanResponse{}), "requestedCategories")
	many := slices.Repeat([]clientws.CategoryRelationship{{CategoryID: uid(1).String()}}, 200)
	wantInvalid(t, a.client(&clientws.StartCategoryScan{RequestedCategories: many}, &clientws.StartCategoryScanResponse{}), "requestedCategories")
}

func uids(all []int) []string {
	var s []string
	for _, n := range all {
		s = append(s, uid(n).String())
	}
	return s
}

func TestDrivers(t *testing.T) {
	w := newWorld()
	w.add(1, catalog.Driver).Drivers = []catalog.DriverEntry{{HardwareID: "PCI\\VEN_1", Class: "Net", Date: w.clock, Version: 1}}
	w.add(2, catalog.Driver).Drivers = []catalog.DriverEntry{
		{HardwareID: "pci\\ven_1&dev_2", Class: "Net", Date: w.clock.Add(-day), Version: 1, TargetComputers: []guid.GUID{uid(77)}},
	}
	w.add(3, catalog.Driver).Drivers = []catalog.DriverEntry{{HardwareID: "usbprint\\x", Class: "Printer", Date: w.clock, Version: 1}}
	for i := 1; i <= 3; i++ {
		w.approve(i, deploy.AllComputers, deploy.Install)
	}
	w.compile()
	a := newAgent(t, w).handshake()
	soft, err := a.sync(clientws.SyncUpdateParameters{})
	a.must(err)
	if soft.DriverSyncNotNeeded != "false" || soft.NewUpdates != nil {
		t.Errorf("the software pass says %q, %v", soft.DriverSyncNotNeeded, ids(soft.NewUpdates))
	}
	device := clientws.Device{HardwareIDs: []string{"PCI\\VEN_1&DEV_2"}, CompatibleIDs: []string{"PCI\\VEN_1"}}
	p := clientws.SyncUpdateParameters{SkipSoftwareSync: true, SystemSpec: []clientws.Device{device}, CachedDriverIDs: []int32{3}}
	info, err := a.sync(p)
	a.must(err)
	if got := ids(info.NewUpdates); !slices.Equal(got, []int32{1}) || !slices.Equal(info.NewUpdates[0].Deployment.HardwareIDs, []string{"PCI\\VEN_1"}) || !slices.Equal(info.OutOfScopeRevisionIDs, []int32{3}) {
		t.Errorf("without the computer's id: %v, gone %v", info.NewUpdates, info.OutOfScopeRevisionIDs)
	}
	p.ComputerSpec = &clientws.ComputerHardwareSpecification{HardwareIDs: []string{"no id", uid(77).String()}}
	info, err = a.sync(p)
	a.must(err)
	if got := ids(info.NewUpdates); !slices.Equal(got, []int32{2}) {
		t.Errorf("with the computer's id: %v", got)
	}
	p.SystemSpec[0].InstalledDriver = &clientws.InstalledDriver{MatchingID: "pci\\ven_1&dev_2", DriverVerDate: w.clock, DriverVerVersion: 9, MatchingComputerHWID: uid(77).String()}
	info, err = a.sync(p)
	a.must(err)
	if info.NewUpdates != nil {
		t.Errorf("a better driver is installed, and %v is offered", ids(info.NewUpdates))
	}
}

// TestDriverTakenOff: a driver that is approved to be uninstalled goes from the devices whose driver came with it, and to no other.
func TestDriverTakenOff(t *testing.T) {
	w := newWorld()
	entry := []catalog.DriverEntry{{HardwareID: "PCI\\VEN_1", Class: "Net", Date: w.clock, Version: 2}}
	w.add(1, catalog.Driver).Drivers = entry
	w.add(2, catalog.Driver).Drivers = []catalog.DriverEntry{{HardwareID: "PCI\\VEN_1", Class: "Net", Date: w.clock.Add(-day), Version: 1}}
	w.approve(1, deploy.AllComputers, deploy.Uninstall)
	w.approve(2, deploy.AllComputers, deploy.Install)
	w.compile()
	a := newAgent(t, w).handshake()
	for _, tt := range []struct {
		name   string
		device clientws.Device
		want   []int32
		action clientws.DeploymentAction
	}{
		{"no driver", clientws.Device{}, []int32{2}, "Install"},
		{"a driver of the same version by other means", clientws.Device{InstalledDriver: &clientws.InstalledDriver{MatchingID: "PCI\\VEN_1", DriverVerDate: w.clock, DriverVerVersion: 2}}, nil, ""},
		{"the driver by the update", clientws.Device{
			InstalledDriver:   &clientws.InstalledDriver{MatchingID: "PCI\\VEN_1", DriverVerDate: w.clock, DriverVerVersion: 2},
			DriverRecoveryIDs: []string{"no id", uid(2).String(), uid(1).String(), uid(99).String()},
		}, []int32{1}, "Uninstall"},
	} {
		tt.device.HardwareIDs = []string{"pci\\ven_1"}
		info, err := a.sync(clientws.SyncUpdateParameters{SkipSoftwareSync: true, SystemSpec: []clientws.Device{tt.device}})
		a.must(err)
		if got := ids(info.NewUpdates); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v", tt.name, got)
			continue
		}
		for _, u := range info.NewUpdates {
			if u.Deployment.Action != tt.action || !slices.Equal(u.Deployment.HardwareIDs, []string{"PCI\\VEN_1"}) {
				t.Errorf("%s: %+v", tt.name, u.Deployment)
			}
		}
	}
}

func TestPrinters(t *testing.T) {
	w := newWorld()
	w.add(1, catalog.Detectoid)
	w.add(2, catalog.Driver, 1).Drivers = []catalog.DriverEntry{{HardwareID: "usbprint\\x", Class: "Printer"}}
	w.approve(2, deploy.AllComputers, deploy.Install)
	w.compile()
	a := newAgent(t, w).handshake()
	sync := func(installed, cached []int32) *clientws.SyncInfo {
		var answer clientws.SyncPrinterCatalogResponse
		a.must(a.client(&clientws.SyncPrinterCatalog{Cookie: a.cookie, InstalledNonLeafUpdateIDs: installed, PrinterUpdateIDs: cached}, &answer))
		a.cookie = answer.Result.NewCookie
		return answer.Result
	}
	if info := sync(nil, []int32{2}); info.NewUpdates != nil || !slices.Equal(info.OutOfScopeRevisionIDs, []int32{2}) {
		t.Errorf("without the prerequisite: %+v", info)
	}
	info := sync([]int32{1}, nil)
	if len(info.NewUpdates) != 1 || !slices.Equal(info.NewUpdates[0].Deployment.HardwareIDs, []string{"usbprint\\x"}) {
		t.Errorf("with it: %+v", info)
	}
	if info := sync([]int32{1}, []int32{2}); info.NewUpdates != nil || info.ChangedUpdates != nil {
		t.Errorf("cached: %+v", info)
	}
	err := a.client(&clientws.SyncPrinterCatalog{Cookie: a.cookie, InstalledNonLeafUpdateIDs: make([]int32, 401)}, &clientws.SyncPrinterCatalogResponse{})
	wantInvalid(t, err, "installedNonLeafUpdateIDs")
}
