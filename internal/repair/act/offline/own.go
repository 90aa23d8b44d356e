package offline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	}
	if windows {
		return d.enter(at)
	}
	if err := d.alone(at); err != nil {
		return at, err
	}
	return d.enter(at)
}

// Below opens a folder in redx's own one, and makes it when that is wanted. fs.ErrNotExist when it is not there, ErrPlanted
// when it is not redx's alone, or a file in it is not. It is the caller's to close.
func (d *Drive) Below(home *os.Root, name string, making bool) (*os.Root, error) {
	fail := func(err error) (*os.Root, error) {
		return nil, fmt.Errorf("redx's own folder %s: %w", filepath.Join(home.Name(), name), err)
	}
	at, err := d.ownBelow(spot{in: home, host: home.Name()}, name, false, making)
	if err != nil {
		return fail(err)
	}
	all, err := list(at.in)
	for _, file := range all {
		if err == nil {
			err = d.plain(spot{in: at.in, host: at.host, name: file})
		}
	}
	if err != nil {
		return fail(errors.Join(err, at.in.Close()))
	}
	return at.in, nil
}

// plain wants a file, where it is one, to be redx's alone too: whoever had the folder before may have left one that is still his.
func (d *Drive) plain(at spot) (err error) {
	at.info, err = at.in.Lstat(at.name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !at.info.Mode().IsRegular() {
		return nil
	}
	if err == nil {
		err = d.alone(at)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", at.name, err)
	}
	return nil
}

// alone wants what neither others have, nor others may change who may not change Windows itself: on a mounted disk all of it
// often has one owner and one mode.
func (d *Drive) alone(at spot) error {
	windows, err := d.find(d.at.Dir)
	defer windows.close()
	if err == nil && windows.info == nil {
		err = fs.ErrNotExist
	}
	if err != nil {
		return fmt.Errorf("compare it with the Windows folder: %w", err)
	}
	if why := strange(at, windows); why != "" {
		return fmt.Errorf("%s: %w", why, ErrPlanted)
	}
	return nil
}
