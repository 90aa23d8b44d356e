package lab

import (
	"crypto/sha1" // Windows Update names its files by SHA-1
	"fmt"
	"strconv"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/write/datastore"
)

// datastoreText is the readable form of a DataStore.edb. A file's size and digest are those of its content, which
// need not lie in the image.
type datastoreText struct {
	History []struct {
		Update   guid.GUID
		Revision uint32
		Title    string
		Client   string
		Status   int32
		Mapped   string
		Unmapped string
		Date     time.Time
	}
	Update []struct {
		ID       int32
		Update   guid.GUID
		Revision int32
		Files    []int32
		Bundled  []int32 // ids of the updates that it is made of
		KB       string
	}
	File []struct {
		ID      int32
		Name    string
		Path    string
		Content string
		URL     string
		Status  int32
	}
}

func datastoreFile(_ string, data []byte) ([]byte, error) {
	var in datastoreText
	if err := strictTOML(data, &in); err != nil {
		return nil, err
	}
	var out datastore.Store
	for _, h := range in.History {
		mapped, err := code(h.Mapped)
		if err != nil {
			return nil, err
		}
		unmapped, err := code(h.Unmapped)
		if err != nil {
			return nil, err
		}
		out.History = append(out.History, datastore.Event{
			Status: h.Status, MappedResult: mapped, UnmappedResult: unmapped, UpdateID: h.Update, Revision: h.Revision,
			Date: h.Date.UTC(), ClientID: h.Client, Title: h.Title,
		})
	}
	for _, u := range in.Update {
		out.Updates = append(out.Updates, datastore.Update{
			IDLocal: u.ID, UpdateID: u.Update, Revision: u.Revision, KB: u.KB, FileIDs: u.Files, Bundled: u.Bundled,
		})
	}
	for _, f := range in.File {
		sum := sha1.Sum([]byte(f.Content))
		out.Files = append(out.Files, datastore.File{
			IDLocal: f.ID, Size: int64(len(f.Content)), DownloadStatus: f.Status, Digest: sum[:], DigestAlgorithm: "SHA1",
			Name: f.Name, LocalTargetPath: f.Path, URLs: []string{f.URL}, Modified: storyTime,
		})
	}
	return out.Bytes(datastore.Options())
}

// code reads "0x80070002"; empty is success.
func code(s string) (uint32, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no result code", s)
	}
	return uint32(n), nil
}
