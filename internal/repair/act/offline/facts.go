package offline

import (
	"fmt"

	"github.com/redx-update/redx/internal/repair"
)

// Facts adds to a scene what only this machine knows of the drive: whether it can be written, what is free.
func (d *Drive) Facts(s *repair.Scene) {
	v, err := d.volume()
	if err != nil {
		s.Unseen = append(s.Unseen, fmt.Sprintf("the volume of %s: %v", d.top, err))
		return
	}
	s.Free, s.Dirty = v.free, v.dirty
	if v.unseen != nil {
		s.Unseen = append(s.Unseen, fmt.Sprintf("whether the volume was closed properly: %v", v.unseen))
	}
	at, err := d.find(d.at.Dir)
	defer at.close()
	switch {
	case v.readOnly:
		s.ReadOnly = d.top + " is mounted read-only"
	case err != nil:
		s.Unseen = append(s.Unseen, err.Error())
	case !at.last || !at.real():
		s.Unseen = append(s.Unseen, d.at.Dir+": no real folder")
	default:
		if err := writable(at.path()); err != nil {
			s.ReadOnly = fmt.Sprintf("%s may not be written to by this user: %v", at.path(), err)
		}
	}
}

// volume is what this machine knows of the volume of a drive.
type volume struct {
	free     repair.Bytes
	readOnly bool
	dirty    bool  // NTFS that was not closed properly
	unseen   error // why that is not known, though it may be NTFS
}
