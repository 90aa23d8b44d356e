package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
)

// look answers who does not POST. Administrators open the address of a web service in a browser to see whether it can be
// reached, as they do with Windows' own server, and so do programs that watch over it.
func (v *service) look(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "POST a SOAP message", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.RawQuery != "" {
		// A program that asks for a WSDL or a form must not take this text for one.
		http.Error(w, "There is no description here: MS-WUSP, section 6, has the WSDL.", http.StatusNotFound)
		return
	}
	var names []string
	for name := range v.operations {
		names = append(names, name)
	}
	slices.Sort(names)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, err := fmt.Fprintf(w, "A web service of this update server. Windows computers post SOAP messages to it:\n%s\n",
		strings.Join(names, "\n")); err != nil {
		v.server.deps.Log.Debug("answer not sent", slog.Any("error", err))
	}
}
