package wuaclient

import (
	"context"
	"fmt"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/proof"
)

// look counts the files of a downloaded update that are there with the right digest.
//
// The agent itself gives no path and no digest of a file: IUpdateDownloadContent has its address alone, and
// IsDownloaded only says that the agent thinks so. Paths and digests stand in its datastore, which gathering reads and
// compares with the disk. The agent writes there with a delay, and on a system that assembles updates from parts the
// datastore may not name them; then nothing can be said, and nothing is.
func (p *Prover) look(ctx context.Context, out proof.Proof) proof.Proof {
	out.Verdict = proof.Unproven
	if p.Gather == nil {
		out.Text = "the agent says that it is downloaded; its files were not looked at"
		return out
	}
	set, err := p.Gather(ctx)
	if err != nil {
		out.Text = fmt.Sprintf("the agent says that it is downloaded; its files could not be looked at: %v", err)
		return out
	}
	c := countFiles(set, out)
	out.Files = c.right
	switch {
	case c.missing != "":
		out.Verdict, out.Code = proof.Failed, hresult.FileNotFound
		out.Text = "the agent says that it is downloaded, but a file is not there: " + c.missing
	case c.different != "":
		out.Verdict = proof.Failed
		out.Text = "the agent says that it is downloaded, but a file is not what it should be: " + c.different
	case c.unsure != "":
		out.Text = "the agent says that it is downloaded; a file could not be compared: " + c.unsure
	case c.right == 0:
		out.Text = "the agent says that it is downloaded; its datastore does not name the files yet"
	default:
		out.Verdict, out.Text = proof.Proven, fmt.Sprintf("it is downloaded, and all of its files are there and right (%d)", c.right)
	}
	return out
}

// counted is what was seen of an update's files; the paths are of the first of each kind.
type counted struct {
	right                      int
	missing, different, unsure string
}

// countFiles judges the update's files. One that is missing counts as that only when the agent has it down as it has those
// that are there: an update names files that are fetched on some machines only, and what the values of that column mean
// is not known. Of such a file not even a folder is made.
func countFiles(set *evidence.Set, out proof.Proof) counted {
	var c counted
	var lost []*evidence.Event   // files that are not there
	fetched := map[string]bool{} // what the agent says of files that are there
	seen := map[string]bool{}
	for e := range set.Of(evidence.DatastoreFile) {
		path := e.Field(evidence.Path)
		if seen[path] || !e.Update.Same(out.Update) {
			continue
		}
		seen[path] = true
		state, looked := set.FileState(path)
		switch {
		case !looked:
			first(&c.unsure, path)
		case state.Field(evidence.State) == evidence.Absent, state.Field(evidence.State) == evidence.NoFolder:
			lost = append(lost, e)
		case state.Field(evidence.State) == evidence.Different:
			first(&c.different, path)
		case state.Field(evidence.State) == evidence.Present && state.Field(evidence.SHA1)+state.Field(evidence.SHA256) != "":
			c.right++ // a digest stands there only when one was known to compare it with
			fetched[e.Field(evidence.Status)] = true
		default:
			first(&c.unsure, path)
		}
	}
	for _, e := range lost {
		c.lose(set, e, fetched)
	}
	return c
}

func (c *counted) lose(set *evidence.Set, e *evidence.Event, fetched map[string]bool) {
	path := e.Field(evidence.Path)
	state, _ := set.FileState(path)
	folder := state.Field(evidence.State) == evidence.Absent
	switch {
	case fetched[e.Field(evidence.Status)], len(fetched) == 0 && folder:
		first(&c.missing, path)
	case len(fetched) == 0, folder:
		first(&c.unsure, path)
	}
}

func first(to *string, path string) {
	if *to == "" {
		*to = path
	}
}
