package location

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/redx-update/redx/internal/agent/keep"
	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/wsus/clientws"
)

// State is what a Client remembers between visits.
type State struct {
	Session
	// Revisions are the cache, by the server's numbers.
	Revisions map[int32]*metadata.Revision
	// Details are the fragments that were asked for beside the core ones.
	Details map[int32]Details
	// Places are the URLs of files, by their SHA-1 in lower-case hex.
	Places map[string][]string
	// changed tells that Revisions, Details or Places are not what was loaded or saved last.
	changed bool
	// renumbered counts how often the server's numbers became others.
	renumbered int
}

// Session is the small part of a State, which changes in every visit.
type Session struct {
	Server string // the URL, with a slash at its end
	Config *Config
	Cookie *Cookie
	// Registered is the digest of what RegisterComputer was told; empty: not registered.
	Registered string
	// Refresh tells that the numbers of the cached revisions are another server's.
	Refresh bool
	// MaxInstalled is how many installed revisions the server takes in one question; 0: as many as there are.
	MaxInstalled int       `json:",omitempty"`
	Synced       time.Time // when the last synchronisation ended well; UTC
}

// Config is what GetConfig said.
type Config struct {
	LastChange   time.Time
	Registration bool   // RegisterComputer is wanted
	SimpleAuth   string // where GetAuthorizationCookie is, relative or not
	MaxExtended  int    // revisions in a GetExtendedUpdateInfo
	Protocol     string // the version of the protocol that the server speaks, such as "3.2"; empty: not said
	Findings     bool   // the server takes findings: it is a redx server
}

// Cookie is the server's state about this computer.
type Cookie struct {
	Expiration time.Time
	Data       []byte
}

func (c *Cookie) wire() *clientws.Cookie {
	return &clientws.Cookie{Expiration: c.Expiration, EncryptedData: c.Data}
}

// Details are the further fragments of a revision, as they came; empty when the server had none.
type Details struct {
	Extended string
	Texts    string
}

// cached is the large part of a State, which hardly changes.
type cached struct {
	Revisions map[int32]*metadata.Revision
	Details   map[int32]Details
	Places    map[string][]string
}

const (
	sessionKind, cacheKind = "location session 1", "location cache 1"
	sessionFile, cacheFile = "location.session", "location.cache"
)

// Load reads the state in a folder. What is torn or foreign is begun anew; the note says so, and is empty otherwise.
func Load(dir string) (s *State, note string, err error) {
	s = &State{}
	var c cached
	noteSession, err := read(dir, sessionFile, sessionKind, &s.Session)
	if err != nil {
		return nil, "", err
	}
	noteCache, err := read(dir, cacheFile, cacheKind, &c)
	if err != nil {
		return nil, "", err
	}
	if noteSession != "" || noteCache != "" {
		// The cookie says which changes the client has seen, so it and the cache are good together or not at all.
		s, c = &State{}, cached{}
	}
	s.Revisions, s.Details, s.Places = c.Revisions, c.Details, c.Places
	s.init()
	for id, r := range s.Revisions {
		if r == nil {
			delete(s.Revisions, id)
			continue
		}
		r.Read()
	}
	return s, noteSession + noteCache, nil
}

func read(dir, name, kind string, to any) (note string, err error) {
	switch err := keep.Read(filepath.Join(dir, name), kind, to); {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return "", nil
	case errors.Is(err, keep.ErrTorn):
		return fmt.Sprintf("%s is torn or foreign and begun anew. ", name), nil
	default:
		return "", fmt.Errorf("read the agent's state: %w", err)
	}
}

// Save writes the state into a folder. The cache goes first: a server tells again what an old cookie does not know, and
// never what a new one does.
func (s *State) Save(dir string) error {
	if s.changed {
		if err := keep.Write(filepath.Join(dir, cacheFile), cacheKind, cached{s.Revisions, s.Details, s.Places}); err != nil {
			return fmt.Errorf("save the agent's cache: %w", err)
		}
		s.changed = false
	}
	if err := keep.Write(filepath.Join(dir, sessionFile), sessionKind, s.Session); err != nil {
		return fmt.Errorf("save the agent's session: %w", err)
	}
	return nil
}

func (s *State) init() {
	if s.Revisions == nil {
		s.Revisions = map[int32]*metadata.Revision{}
	}
	if s.Details == nil {
		s.Details = map[int32]Details{}
	}
	if s.Places == nil {
		s.Places = map[string][]string{}
	}
}

// forget drops a revision and where its files are. What another revision has too is asked for again when it is needed.
func (s *State) forget(id int32) {
	if e, err := metadata.ParseExtended(s.Details[id].Extended); err == nil {
		for _, f := range e.Files {
			delete(s.Places, hex.EncodeToString(f.SHA1[:]))
		}
	}
	delete(s.Revisions, id)
	delete(s.Details, id)
	s.changed = true
}

// PlacesOf gives the URLs of a file, in the order in which the server named them.
func (s *State) PlacesOf(sha1 [20]byte) []string { return s.Places[hex.EncodeToString(sha1[:])] }
