package ese

import "encoding/binary"

const (
	signature     = 0x89abcdef
	formatVersion = 0x620
	stateDirty    = 2
	stateClean    = 3
)

// writeHeader writes the database header and its shadow: the first two pages of the file.
func (db *DB) writeHeader() error {
	b := make([]byte, db.opt.PageSize)
	le := binary.LittleEndian
	le.PutUint32(b[4:], signature)
	le.PutUint32(b[8:], formatVersion)
	le.PutUint64(b[0x10:], 1)
	state := uint32(stateClean)
	if db.opt.Dirty {
		state = stateDirty
	}
	le.PutUint32(b[0x34:], state)
	le.PutUint32(b[0xd4:], db.nextObj-1)
	le.PutUint32(b[0xd8:], 10) // Windows 10.0
	le.PutUint32(b[0xe8:], db.opt.Revision)
	le.PutUint32(b[0xec:], uint32(db.opt.PageSize))
	le.PutUint32(b, xor(b[4:], signature))
	for page := range int64(2) {
		if _, err := db.w.WriteAt(b, page*int64(len(b))); err != nil {
			return err
		}
	}
	return nil
}
