package wua

import (
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// Bounds of what a search gives.
const (
	maxUpdates = 5000
	maxURLs    = 5000
	maxURLText = 2 << 20 // bytes of all of them: an answer that is too long would be none
	maxBundles = 3       // levels of updates that bundle updates
)

// find searches for the update that was asked for and holds it; nothing is held when it is not offered.
func (w *worker) find() (object, error) {
	if err := w.begin(protocol.Search); err != nil {
		return object{}, err
	}
	searcher, err := w.searcher()
	if err != nil {
		return object{}, err
	}
	defer searcher.release()
	for _, what := range criteria(w.req) {
		update, err := w.search(searcher, what)
		if err != nil || update.disp != nil {
			return update, err
		}
	}
	return object{}, nil
}

func (w *worker) search(searcher object, what string) (object, error) {
	list, err := w.found(searcher, what)
	if err != nil {
		return object{}, err
	}
	defer list.release()
	return w.pick(list, what)
}

// found searches and gives what was found.
func (w *worker) found(searcher object, what string) (object, error) {
	result, err := searcher.ask("Search", "ISearchResult", what)
	if err != nil {
		return object{}, err
	}
	defer result.release()
	w.warnings(result)
	outcome, err := result.number("ResultCode")
	if err != nil {
		return object{}, err
	}
	if o := protocol.Outcome(outcome); o != protocol.Succeeded && o != protocol.SucceededWithErrors {
		return object{}, &callError{"IUpdateSearcher.Search", w.behind()}
	}
	return result.part("Updates", "IUpdateCollection")
}

// behind is the code of a search that failed without one of its own.
func (w *worker) behind() hresult.Code {
	for _, f := range w.answer.Warnings {
		if f.Code.Failed() {
			return f.Code
		}
	}
	return eFail
}

// warnings keeps what went wrong with parts of a search.
func (w *worker) warnings(result object) {
	list, err := result.part("Warnings", "IUpdateExceptionCollection")
	if err != nil {
		w.warn(err)
		return
	}
	defer list.release()
	const most = 10
	_, err = list.each(most, "IUpdateException", func(_ int, item object) error {
		code, err := item.code("HResult")
		if err == nil {
			w.warn(&callError{"IUpdateSearcher.Search", code})
		}
		return err
	})
	w.warn(err)
}

// pick takes the update that was asked for out of what was found.
func (w *worker) pick(list object, what string) (picked object, err error) {
	n, err := list.each(maxUpdates, "IUpdate", func(_ int, item object) error {
		if picked.disp != nil {
			return nil
		}
		u, err := describe(item)
		switch {
		case err != nil:
			w.warn(err) // one that cannot be described must not hide the others
		case matches(w.req, u):
			item.disp.AddRef()
			picked, w.answer.Update = item, u
		}
		return nil
	})
	if what != installed {
		w.answer.Offered = max(w.answer.Offered, n)
	}
	if err != nil {
		picked.release()
		return object{}, err
	}
	return picked, nil
}

// describe reads what names an update and how it stands.
func describe(item object) (*protocol.Update, error) {
	u := &protocol.Update{}
	var err error
	if u.Title, err = item.text("Title"); err != nil {
		return nil, err
	}
	if u.ID, u.Revision, err = identity(item, "Identity"); err != nil {
		return nil, err
	}
	articles, err := texts(item, "KBArticleIDs")
	if err != nil {
		return nil, err
	}
	u.KB = kbOf(articles, u.Title)
	if u.Installed, err = item.boolean("IsInstalled"); err != nil {
		return nil, err
	}
	accepted, err := item.boolean("EulaAccepted")
	u.Licence = !accepted && !u.Installed
	return u, err
}

// identity reads a property that is an IUpdateIdentity.
func identity(o object, name string) (id string, revision uint32, err error) {
	i, err := o.part(name, "IUpdateIdentity")
	if err != nil {
		return "", 0, err
	}
	defer i.release()
	if id, err = i.text("UpdateID"); err != nil {
		return "", 0, err
	}
	n, err := i.number("RevisionNumber")
	return id, uint32(n), err
}

// texts reads a property that is an IStringCollection.
func texts(o object, name string) ([]string, error) {
	list, err := o.part(name, "IStringCollection")
	if err != nil {
		return nil, err
	}
	defer list.release()
	n, err := list.number("Count")
	if err != nil {
		return nil, err
	}
	const most = 50
	var out []string
	for i := range min(n, most) {
		s, err := list.text("Item", int32(i))
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func length(texts []string) (n int) {
	for _, t := range texts {
		n += len(t)
	}
	return n
}

// urls adds the addresses of an update's files and of those that it bundles: a bundle has none of its own. The agent
// gives neither paths nor digests.
func urls(item object, u *protocol.Update, deep int) error {
	contents, err := item.part("DownloadContents", "IUpdateDownloadContentCollection")
	if err != nil {
		return err
	}
	defer contents.release()
	if _, err = contents.each(maxURLs-len(u.URLs), "IUpdateDownloadContent", func(_ int, c object) error {
		url, err := c.text("DownloadUrl")
		if left := maxURLText - length(u.URLs); err == nil && len(url) <= left {
			u.URLs = append(u.URLs, url)
		}
		return err
	}); err != nil || deep == 0 {
		return err
	}
	bundled, err := item.part("BundledUpdates", "IUpdateCollection")
	if err != nil {
		return err
	}
	defer bundled.release()
	_, err = bundled.each(maxUpdates, "IUpdate", func(_ int, b object) error { return urls(b, u, deep-1) })
	return err
}
