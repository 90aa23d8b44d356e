package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/registry"
	writelog "github.com/redx-update/redx/internal/write/evtx"
	write "github.com/redx-update/redx/internal/write/hive"
)

// imageFile is a file of an image, with the reader that its format is benchmarked with.
type imageFile struct {
	path, reader string
	size         int64
}

// makeImage builds an image of the lab with one cause, and adds what a computer gathers in years: size bytes of servicing
// logs, and for each GiB of these 100 MB of datastore, 20 MB of event log, hives of 20, 80 and 60 MB. It gives the files
// that a diagnosis reads; the COMPONENTS hive, which is there too, it does not.
func makeImage(dir string, size int64) (files []imageFile, total int64, err error) {
	s, err := lab.Load("component-payload-missing")
	if err != nil {
		return nil, 0, err
	}
	if err := lab.Build(s, dir); err != nil {
		return nil, 0, err
	}
	const logs = 8
	for i := range logs {
		files = append(files, imageFile{fmt.Sprintf("Logs/CBS/CbsPersist_202303%02d080000.log", i+1), "redx cbs events", size / logs})
	}
	files = append(
		files,
		imageFile{"SoftwareDistribution/DataStore/DataStore.edb", "redx ese", size / 10},
		imageFile{"System32/winevt/Logs/System.evtx", "redx evtx updates", size / 50},
		imageFile{"System32/config/SYSTEM", "redx hive", size / 50},
		imageFile{"System32/config/SOFTWARE", "redx hive", size / 13},
		imageFile{"System32/config/COMPONENTS", "", size / 17},
	)
	kept := files[:0]
	for _, f := range files {
		f.path = filepath.Join(dir, "Windows", filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
			return nil, 0, err
		}
		if err := f.make(); err != nil {
			return nil, 0, fmt.Errorf("make %s: %w", f.path, err)
		}
		info, err := os.Stat(f.path)
		if err != nil {
			return nil, 0, err
		}
		if f.size = info.Size(); f.reader != "" {
			kept = append(kept, f)
			total += f.size
		}
	}
	return kept, total, nil
}

func (f imageFile) make() error {
	switch filepath.Ext(f.path) {
	case ".log":
		_, err := makeCBSLog(f.path, f.size)
		return err
	case ".edb":
		return makeDatastore(f.path, f.size)
	case ".evtx":
		return makeEventLog(f.path, f.size)
	}
	return growHive(f.path, f.size)
}

// makeEventLog writes a System log: one event in six is of updates, all of which went well.
func makeEventLog(path string, size int64) error {
	const each = 400 // bytes of a record, about
	at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	var events []writelog.Event
	for i := range int(size / each) {
		e := writelog.Event{
			Provider: "Service Control Manager", ID: 7036, Level: 4, Channel: "System", Computer: "LAB-PC", Time: at.Add(time.Duration(i) * time.Minute),
			Data: []writelog.Field{{Name: "param1", Value: "Windows Modules Installer"}, {Name: "param2", Value: "stopped"}},
		}
		if i%6 == 0 {
			e.Provider, e.ID = "Microsoft-Windows-WindowsUpdateClient", 19
			u := attempt(i % 300) // the same updates come again, Defender's every day
			e.Data = []writelog.Field{
				{Name: "updateTitle", Value: u.Title}, {Name: "updateGuid", Value: u.UpdateID}, {Name: "updateRevisionNumber", Value: u.Revision},
			}
		}
		events = append(events, e)
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	return writelog.Write(out, events, writelog.Options{})
}

// growHive adds keys to a hive of the image: packages as servicing has them by the thousand, the rest as programs leave
// them.
func growHive(path string, size int64) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	h, err := hive.Open(file, int64(len(b)))
	if err != nil {
		return err
	}
	root, err := copyKey(h.Root())
	if err != nil {
		return err
	}
	if filepath.Base(path) == "SOFTWARE" {
		addPackages(root.Sub(`Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages`))
	}
	addFiller(root.Sub("Filler"), size)
	if b, err = write.Encode(root, write.Options{Name: filepath.Base(path)}); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}

func copyKey(k registry.Key) (*write.Key, error) {
	out := &write.Key{Name: k.Name(), Time: k.LastWrite()}
	for v, err := range k.Values() {
		if err != nil {
			return nil, err
		}
		out.Values = append(out.Values, v)
	}
	for sub, err := range k.Subkeys() {
		if err != nil {
			return nil, err
		}
		below, err := copyKey(sub)
		if err != nil {
			return nil, err
		}
		out.Keys = append(out.Keys, below)
	}
	return out, nil
}

// addPackages adds as many packages as a computer has after some years, all installed.
func addPackages(k *write.Key) {
	for i := range 6000 {
		name := fmt.Sprintf("Microsoft-Windows-Feature%04d-Package~31bf3856ad364e35~amd64~~10.0.19041.%d", i, 1+i%4000)
		p := &write.Key{Name: name, Time: k.Time}
		p.DWord("CurrentState", 112).DWord("InstallTimeHigh", 31000000).DWord("InstallTimeLow", uint32(i)).SZ("InstallClient", "DISM Package Manager Provider")
		k.Keys = append(k.Keys, p)
	}
}

// addFiller adds keys of about a KiB each.
func addFiller(k *write.Key, size int64) {
	const each, inOne = 1 << 10, 400
	rnd := rand.New(rand.NewPCG(3, 4))
	var below *write.Key
	for i := range int(size / each) {
		if i%inOne == 0 {
			below = &write.Key{Name: fmt.Sprintf("Group%05d", i/inOne)}
			k.Keys = append(k.Keys, below)
		}
		data := make([]byte, 700)
		for j := range data {
			data[j] = byte(rnd.Uint32())
		}
		sub := &write.Key{Name: fmt.Sprintf("{%08x-0000-4000-8000-%012x}", rnd.Uint32(), i)}
		sub.Set("Data", registry.Binary, data).SZ("Path", `C:\Program Files\Something\thing.dll`).DWord("Type", uint32(i))
		below.Keys = append(below.Keys, sub)
	}
}
