package install

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// phase is how far an attempt is. Each is on the disk before what it allows is done.
type phase string

// The phases. From applying on what was there is moved out of the way, and from committed on nothing is taken back.
const (
	begun     phase = "begun"     // nothing is changed
	staging   phase = "staging"   // new files are written beside those that they are to replace
	applying  phase = "applying"  // old files get out of the way, new ones get their names
	committed phase = "committed" // it is installed; what is left is to remove the old files and to tell of it
	undone    phase = "undone"    // all is as it was; what is left is to tell of it
)

// record is the journal's content. There is one at most, and it is replaced whole at each phase.
type record struct {
	Version   int        `json:"version"`
	Image     string     `json:"image,omitempty"` // the lab's mark of the image; empty on a running Windows
	Began     time.Time  `json:"began"`
	Update    update.Ref `json:"update"`
	Uninstall bool       `json:"uninstall,omitempty"`
	Phase     phase      `json:"phase"`
	Acts      []act      `json:"acts,omitempty"`
	Made      []string   `json:"made,omitempty"`  // folders that staging makes, from the top down
	Prune     []string   `json:"prune,omitempty"` // folders that go with the commit when they are empty

	// Of the last two phases: how it ended.
	Code    hresult.Code `json:"code,omitempty"`
	Restart bool         `json:"restart,omitempty"`
	Ended   time.Time    `json:"ended,omitzero"`
}

// act is what happens to one file.
type act struct {
	Path   string `json:"path"`
	Old    bool   `json:"old,omitempty"`    // one is there, and gets out of the way
	New    bool   `json:"new,omitempty"`    // one comes
	SHA256 string `json:"sha256,omitempty"` // of the new one, in hex
}

// What stands beside a file while it is replaced.
const (
	putEnding = ".redx-put"
	oldEnding = ".redx-old"
)

func (a *act) put() string { return a.Path + putEnding }

func (a *act) old() string { return a.Path + oldEnding }

const (
	journalVersion = 1
	journalName    = "install.json"
	maxJournal     = 256 << 20 // bytes
)

// ErrJournal says that the journal of an attempt cannot be read; it was put aside. What that attempt has left is for a
// person to look at.
var ErrJournal = errors.New("the journal of an installation is damaged or of another computer")

// journal is an attempt that goes on.
type journal struct {
	record
	i      *Installer
	unsafe error // the journal could not be written: nobody knows what stands in it
}

// begin starts an attempt: from here on it will stand in the history, whatever happens.
func (i *Installer) begin(u update.Ref, uninstall bool) (*journal, error) {
	j := &journal{i: i, record: record{
		Version: journalVersion, Began: i.now(), Update: u, Uninstall: uninstall, Phase: begun,
	}}
	var err error
	if j.Image, err = i.image(); err != nil {
		return nil, err
	}
	return j, j.write()
}

// now is the time as the history keeps it.
func (i *Installer) now() time.Time { return i.Now().UTC().Truncate(time.Millisecond) }

// image is the mark of the image that is worked on.
func (i *Installer) image() (string, error) {
	if i.Target != Lab {
		return "", nil
	}
	id, ok, err := labID(i.Disk)
	if err == nil && !ok {
		err = errors.New("the image does not carry the lab's marker (any more)")
	}
	return id, err
}

func (j *journal) write() error {
	b, err := json.Marshal(&j.record)
	if err == nil {
		err = disk.Replace(j.i.Disk, j.i.journalPath(), disk.Bytes(b))
	}
	if err != nil {
		j.unsafe = fmt.Errorf("write the journal of the installation: %w", err)
	}
	return j.unsafe
}

func (j *journal) to(p phase) error {
	j.Phase = p
	return j.write()
}

// remove ends the attempt.
func (j *journal) remove() error {
	if err := j.i.Disk.Remove(j.i.journalPath()); err != nil {
		return err
	}
	return j.i.Disk.Sync(j.i.State)
}

func (i *Installer) journalPath() string { return disk.Join(i.State, journalName) }

// load reads the journal of an attempt that did not end; nil when there is none. A journal that is not understood whole is
// put aside and nothing is done by it.
func (i *Installer) load() (*journal, error) {
	if err := disk.Tidy(i.Disk, i.journalPath()); err != nil {
		return nil, err
	}
	b, err := disk.Read(i.Disk, i.journalPath(), maxJournal)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := readRecord(b)
	if err == nil {
		err = i.accept(r)
	}
	if err != nil {
		aside := i.journalPath() + ".damaged"
		err = fmt.Errorf("%w: %w; it is now %s", ErrJournal, err, aside)
		return nil, errors.Join(err, i.Disk.Rename(i.journalPath(), aside), i.Disk.Sync(i.State))
	}
	return &journal{record: *r, i: i}, nil
}

// accept refuses a journal of another computer, and acts on files that an installation has no business with.
func (i *Installer) accept(r *record) error {
	id, err := i.image()
	if err != nil {
		return err
	}
	if r.Image != id || id == "" && len(r.Acts)+len(r.Made)+len(r.Prune) > 0 {
		return errors.New("it is of another image")
	}
	for _, a := range r.Acts {
		if !i.mayWrite(a.Path) {
			return fmt.Errorf("it names %q", a.Path)
		}
	}
	for _, dir := range append(r.Made[:len(r.Made):len(r.Made)], r.Prune...) {
		if !i.mayWrite(disk.Join(dir, "x")) {
			return fmt.Errorf("it names %q", dir)
		}
	}
	return nil
}

// readRecord reads a journal's content by itself.
func readRecord(b []byte) (*record, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var r record
	if err := d.Decode(&r); err != nil {
		return nil, err
	}
	if r.Version != journalVersion || r.Update.ID.GUID.IsZero() || r.Began.IsZero() || len(r.Acts) > 8*maxFiles {
		return nil, fmt.Errorf("version %d, %d acts", r.Version, len(r.Acts))
	}
	switch r.Phase {
	case begun, staging, applying:
	case committed, undone:
		if r.Ended.IsZero() {
			return nil, errors.New("it ended at no time")
		}
	default:
		return nil, fmt.Errorf("phase %q", r.Phase)
	}
	for _, a := range r.Acts {
		if sum, err := hex.DecodeString(a.SHA256); err != nil || a.New != (len(sum) == 32) || !a.New && !a.Old {
			return nil, fmt.Errorf("an act on %q that is none", a.Path)
		}
	}
	return &r, nil
}

// mayWrite tells the files that a package may bring, and the agent's own. Of the registry's hives only one is changed.
func (i *Installer) mayWrite(path string) bool {
	config := disk.Join(i.Windows, "System32", "config")
	if below(path, config) {
		return strings.EqualFold(path, i.software())
	}
	own := disk.Join(i.State, packagesFolder)
	if below(path, i.State) {
		return below(path, own)
	}
	for _, dir := range []string{i.Windows, `C:\Program Files`, `C:\Program Files (x86)`, `C:\ProgramData`} {
		if below(path, dir) {
			return plainPath(path[len(`C:\`):]) == nil
		}
	}
	return false
}

// below tells whether a path is one below a folder.
func below(path, dir string) bool {
	return len(path) > len(dir)+1 && strings.EqualFold(path[:len(dir)], dir) && path[len(dir)] == '\\'
}
