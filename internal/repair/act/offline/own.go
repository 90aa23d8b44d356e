package offline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrPlanted says that something which redx did not make is where its own folders belong.
var ErrPlanted = errors.New("somebody else put it there; look at what it is, move it away, then try again")

// own are redx's own folders on the drive, from the top down, and whether Windows makes them.
var own = []struct {
	name    string
	windows bool
}{{"ProgramData", true}, {"redx", false}, {"journal", false}}

// Own opens redx's own folder on the drive, ProgramData\redx, and the one for journals in it. fs.ErrNotExist when they
// are not there. Both are the caller's to close.
func (d *Drive) Own() (home, journals *os.Root, err error) { return d.own(false) }

// MakeOwn is Own, and makes what is not there.
func (d *Drive) MakeOwn() (home, journals *os.Root, err error) { return d.own(true) }

func (d *Drive) own(making bool) (home, journals *os.Root, err error) {
	at := spot{in: d.root, host: d.top}
	for _, f := range own {
		next, err := d.ownBelow(at, f.name, f.windows, making)
		if err != nil {
			at.close()
			if home != nil && at.in != home {
				err = errors.Join(err, home.Close())
			}
			return nil, nil, fmt.Errorf("redx's own folder %s: %w", at.host+string(os.PathSeparator)+f.name, err)
		}
		if at.in != home {
			at.close()
		}
		if f.name == "redx" {
			home = next.in
		}
		at = next
	}
	return home, at.in, nil
}

func (d *Drive) ownBelow(at spot, name string, windows, making bool) (spot, error) {
	var err error
	if at.name, at.info, err = child(at.in, name); err != nil {
		return at, err
	}
	if at.info == nil && making {
		if err := makeFolder(at); err != nil {
			return at, err
		}
		if err := syncFolder(at); err != nil {
			return at, err
		}
		if at.info, err = at.in.Lstat(at.name); err != nil {
			return at, err
		}
	}
	switch {
	case at.info == nil:
		return at, fs.ErrNotExist
	case !at.real():
		return at, fmt.Errorf("it is no real folder: %w", ErrPlanted)
	case !windows && d.stranger(at):
		return at, fmt.Errorf("it belongs to another user of this machine: %w", ErrPlanted)
	}
	return d.enter(at)
}

// stranger tells a folder that neither this user, nor the administrator, nor the owner of the Windows folder has: on a
// mounted disk all of it has one owner.
func (d *Drive) stranger(at spot) bool {
	windows, err := d.find(d.at.Dir)
	defer windows.close()
	return err != nil || windows.info == nil || strange(at, windows)
}
