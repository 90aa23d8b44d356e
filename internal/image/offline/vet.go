package offline

import (
	"encoding/binary"
	"fmt"
	"io/fs"

	"www.velocidex.com/golang/go-ntfs/parser"

	"github.com/redx-update/redx/internal/image"
)

// Bounds of one record of the master file table. An attribute list of NTFS is at most 256 KB.
const (
	maxList     = 256 << 10
	maxListed   = 4096    // attributes it names
	maxClusters = 1 << 44 // of one attribute, holes included
	maxUnit     = 4       // a compression unit is 2^4 clusters
)

// boot opens the volume. The library reads the first record of the master file table without a second look, so that
// record is vetted before.
func (n *ntfs) boot() error {
	sector := &parser.NTFS_BOOT_SECTOR{Reader: n.disk, Profile: parser.NewNTFSProfile()}
	if err := sector.IsValid(); err != nil {
		return fmt.Errorf("%w: boot sector: %w", errVolume, err)
	}
	var b [8]byte
	if _, err := n.disk.ReadAt(b[:], 48); err != nil {
		return err
	}
	cluster := sector.ClusterSize()
	n.ctx = parser.GetNTFSContextFromRawMFT(nil, cluster, sector.RecordSize())
	n.ctx.DiskReader = n.disk
	first, err := parser.GetFixedUpMFTEntry(n.ctx, n.disk, int64(binary.LittleEndian.Uint64(b[:]))*cluster)
	if err != nil {
		return fmt.Errorf("%w: master file table: %w", errVolume, err)
	}
	if err := n.each(first, func(a *parser.NTFS_ATTRIBUTE) error {
		if a.Type().Value == attrData && n.ctx.MFTReader == nil {
			n.ctx.MFTReader = a.Data(n.ctx)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := n.vet(first); err != nil {
		return err
	}
	n.ctx, err = parser.GetNTFSContext(n.disk, 0)
	return err
}

// record gives a record that the library can be let loose on. The sequence number tells a record from its earlier
// and later uses; 0 takes any.
func (n *ntfs) record(id int64, sequence uint16) (record, error) {
	entry, err := n.ctx.GetMFT(id)
	if err != nil {
		return record{}, fmt.Errorf("%w: record %d: %w", errVolume, id, err)
	}
	if !entry.Flags().IsSet("ALLOCATED") || sequence != 0 && entry.Sequence_value() != sequence {
		return record{}, fmt.Errorf("record %d is free or of another file: %w", id, fs.ErrNotExist)
	}
	return record{id: id, entry: entry}, n.vet(entry)
}

func isDir(r record) bool { return r.entry.Flags().IsSet("DIRECTORY") }

// vet refuses what would make the library loop or take memory: it follows every attribute that the library will.
func (n *ntfs) vet(entry *parser.MFT_ENTRY) error {
	lists := 0
	return n.each(entry, func(a *parser.NTFS_ATTRIBUTE) error {
		if a.Type().Value != attrList {
			return nil
		}
		if lists++; lists > 1 || a.DataSize() > maxList || compressed(a) {
			return fmt.Errorf("%w: attribute list", errVolume)
		}
		return n.vetList(a)
	})
}

func (n *ntfs) vetList(a *parser.NTFS_ATTRIBUTE) error {
	b := make([]byte, a.DataSize())
	got, _ := a.Data(n.ctx).ReadAt(b, 0) // what is short ends the list, for the library as well
	for count := 0; got >= 24; count++ {
		length := int(binary.LittleEndian.Uint16(b[4:]))
		if length == 0 {
			return nil
		}
		if length < 24 || count > maxListed {
			return fmt.Errorf("%w: attribute list", errVolume)
		}
		id := int64(binary.LittleEndian.Uint64(b[16:]) & (1<<48 - 1))
		if entry, err := n.ctx.GetMFT(id); err == nil {
			if err := n.each(entry, func(*parser.NTFS_ATTRIBUTE) error { return nil }); err != nil {
				return err
			}
		}
		if length > got {
			return nil
		}
		b, got = b[length:], got-length
	}
	return nil
}

// each gives the attributes that stand in the record itself, vetted. It ends where the library does.
func (n *ntfs) each(entry *parser.MFT_ENTRY, f func(*parser.NTFS_ATTRIBUTE) error) error {
	end := int64(entry.Mft_entry_size())
	for at := int64(entry.Attribute_offset()); ; {
		a := n.ctx.Profile.NTFS_ATTRIBUTE(entry.Reader, at)
		length := int64(a.Length())
		if length == 0 || at+length > end {
			return nil
		}
		if length < 16 {
			return fmt.Errorf("%w: attribute of %d bytes", errVolume, length)
		}
		if err := vetAttribute(a); err != nil {
			return err
		}
		if err := f(a); err != nil {
			return err
		}
		at += length
	}
}

func vetAttribute(a *parser.NTFS_ATTRIBUTE) error {
	if a.IsResident() {
		return nil
	}
	if compressed(a) && a.Compression_unit_size() > maxUnit {
		return fmt.Errorf("%w: compression unit", errVolume)
	}
	clusters := int64(0)
	for _, run := range a.RunList() {
		if run.Length < 0 || run.Length > maxClusters {
			return fmt.Errorf("%w: run of %d clusters", errVolume, run.Length)
		}
		if clusters += run.Length; clusters > maxClusters {
			return fmt.Errorf("%w: over %d clusters", errVolume, int64(maxClusters))
		}
	}
	if a.DataSize() < 0 || a.Initialized_size() > 1<<62 {
		return fmt.Errorf("%w: size", errVolume)
	}
	return nil
}

func compressed(a *parser.NTFS_ATTRIBUTE) bool {
	return !a.IsResident() && parser.IsCompressed(a.Flags())
}

// stream opens an attribute's content.
func (n *ntfs) stream(r record, typ uint64, name string) (parser.RangeReaderAt, error) {
	return parser.OpenStream(n.ctx, r.entry, typ, parser.WILDCARD_STREAM_ID, name)
}

// info says what a record is. Files compressed by Windows (WOF), cloud files, junctions and links have a reparse
// point; their content, if any, is not what a program would read.
func (n *ntfs) info(r record, name string) image.Info {
	info := image.Info{Name: name, Dir: isDir(r)}
	for _, a := range r.entry.EnumerateAttributes(n.ctx) {
		switch a.Type().Value {
		case attrStandard:
			info.ModTime = n.ctx.Profile.STANDARD_INFORMATION(a.Data(n.ctx), 0).File_altered_time().UTC()
		case attrReparse:
			info.Reparse = true
		case attrData:
			if a.Name() == "" && !info.Dir && (a.IsResident() || a.Runlist_vcn_start() == 0) {
				info.Size = a.DataSize()
			}
		}
	}
	return info
}
