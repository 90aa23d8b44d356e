package content

import (
	"errors"
	"io/fs"
	"net/http"
	"strconv"
)

// ServeHTTP gives out files: GET and HEAD of "XX/SHA1.ext" in any case, whole or in ranges. The ETag is the digest, so
// it stays for ever. A file that is not sound is not there; one whose stamp is not what was verified is looked at first.
func (k *Keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	sum, ok := ParsePath(r.URL.Path)
	f, known := k.Get(sum)
	if !ok || !known || f.Condition != Sound {
		http.NotFound(w, r)
		return
	}
	k.serve(w, r, f)
}

func (k *Keeper) serve(w http.ResponseWriter, r *http.Request, f Found) {
	o, err := k.store.Open(f.Want)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		http.Error(w, "the file cannot be read now", http.StatusServiceUnavailable)
		return
	}
	if err == nil {
		defer o.Close()
	}
	if err != nil || o.Stamp() != f.Stamp {
		k.suspect(f.Want.SHA1)
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("ETag", strconv.Quote(f.Want.Path()[3:43]))
	h.Set("Content-Type", "application/octet-stream")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", o.Modified(), o.Reader())
}
