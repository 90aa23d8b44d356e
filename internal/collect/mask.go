package collect

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/winsys"
)

// mask replaces the names of people, computers and domains, each by the same word wherever it stands, so that what
// belongs together still does. It knows the names that the registry tells, those of the folders below Users, and the
// update server's; the numbers by which SIDs tell machines and domains apart go too.
//
// A name that is also an ordinary word, such as Admin, is replaced only where it stands as a name: below Users, or
// behind the name of a computer or domain. Else every "admin" of a log would be taken for one.
type mask struct {
	words  map[string]string // by the name in lower case
	names  [][]byte          // the words' names, the longest first
	find   *regexp.Regexp    // any of them; nil when there are none
	behind *regexp.Regexp    // a computer or domain and a backslash
	users  map[string]string // folders below Users, by name in lower case
	sids   map[string]string
}

// plainWords are names that logs use as words.
var plainWords = strings.Fields(`admin administrator administrators user users owner guest default public windows system
	service services test update updates package packages local home office work server client desktop laptop computer
	microsoft temp data store download downloads session setup install installer info error warning failed success
	root domain workgroup localdomain corp none empty unknown network internet account builtin`)

// notPeople are the folders below Users that every Windows has.
var notPeople = strings.Fields("public default defaultuser0 defaultapppool desktop.ini")

func newMask(img image.Image, set *evidence.Set) *mask {
	m := &mask{words: map[string]string{}, users: map[string]string{}, sids: map[string]string{}}
	var software *winsys.Software
	if root, _, err := img.Hive(image.Software); err == nil {
		software = winsys.NewSoftware(root)
	}
	var id winsys.Identity
	if root, _, err := img.Hive(image.System); err == nil {
		if sys, err := winsys.NewSystem(root); err == nil {
			id, _ = sys.Identity(software) // what is damaged there names nobody
		}
	}
	m.places(&id, set)
	m.people(&id, software)
	m.compile()
	return m
}

// places are computers and domains.
func (m *mask) places(id *winsys.Identity, set *evidence.Set) {
	for e := range set.Of(evidence.UpdateServer) {
		if u, err := url.Parse(strings.TrimSpace(e.Field(evidence.URL))); err == nil {
			m.add("server", u.Hostname())
		}
	}
	m.add("computer", id.Computer)
	m.add("computer", id.Host)
	m.add("domain", id.Domain)
	m.add("domain", id.LastUserDomain)
	m.add("organization", id.Organization)
}

func (m *mask) people(id *winsys.Identity, software *winsys.Software) {
	if software != nil {
		for p, err := range software.Profiles() {
			if err == nil && strings.HasPrefix(p.SID, "S-1-5-21-") {
				_, name := image.Split(p.Path)
				m.user(name)
			}
		}
	}
	m.add("user", id.LastUser)
	m.add("user", id.Owner)
}

// add gives a name its word. Names of one or two letters stand for too much else.
func (m *mask) add(kind, name string) {
	key := strings.ToLower(strings.TrimSpace(name))
	if len(key) < 3 || m.words[key] != "" || slices.Contains(plainWords, key) {
		return
	}
	if known := m.users[key]; known != "" {
		m.words[key] = known
		return
	}
	n := 1
	for _, w := range m.words {
		if strings.HasPrefix(w, kind) {
			n++
		}
	}
	m.words[key] = fmt.Sprintf("%s%d", kind, n)
}

// user gives the word of a folder below Users.
func (m *mask) user(name string) string {
	key := strings.ToLower(name)
	if key == "" || slices.Contains(notPeople, key) || issued.MatchString(name) {
		return name
	}
	if m.users[key] == "" {
		m.add("user", name)
		m.users[key] = m.words[key]
		if m.users[key] == "" {
			m.users[key] = fmt.Sprintf("person%d", len(m.users)) // an ordinary word
		}
	}
	return m.users[key]
}

func (m *mask) compile() {
	var names, places []string
	for name, word := range m.words {
		names = append(names, name)
		if strings.HasPrefix(word, "computer") || strings.HasPrefix(word, "domain") {
			places = append(places, regexp.QuoteMeta(word))
		}
	}
	slices.SortFunc(names, func(a, b string) int { return len(b)*1000 - len(a)*1000 + strings.Compare(a, b) })
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
		m.names = append(m.names, []byte(n))
	}
	if len(names) > 0 {
		m.find = regexp.MustCompile(`(?i)(` + strings.Join(quoted, "|") + `)(?:$|[^0-9A-Za-z_\x{80}-\x{10FFFF}])`)
	}
	if len(places) > 0 {
		slices.Sort(places)
		m.behind = regexp.MustCompile(`((?:^|[^\w\\.-])(?:` + strings.Join(places, "|") + `)\\{1,2})([^\\/:*?"<>|\s,;)\]]+)`)
	}
}

// issued are the words that names are replaced by.
var issued = regexp.MustCompile(`^(?:user|person|computer|domain|server|organization)[0-9]+$`)

var (
	belowUsers = regexp.MustCompile(`(?i)([\\/](?:users|documents and settings)[\\/]{1,2})([^\\/:*?"<>|\r\n]+)`)
	machineSID = regexp.MustCompile(`S-1-5-21-[0-9]{1,10}-[0-9]{1,10}-[0-9]{1,10}`)
)

// text masks one text.
func (m *mask) text(s string) string { return string(m.line([]byte(s))) }

// line masks a line of a log. Most lines have no name in them, and are given back as they are.
func (m *mask) line(b []byte) []byte {
	low := bytes.ToLower(b)
	if bytes.Contains(low, []byte("users")) || bytes.Contains(low, []byte("documents and settings")) {
		b = replace(belowUsers, b, func(groups [][]byte) []byte {
			return append(bytes.Clone(groups[1]), m.user(string(groups[2]))...)
		})
	}
	if slices.ContainsFunc(m.names, func(n []byte) bool { return bytes.Contains(low, n) }) {
		b = m.replaceNames(b)
	}
	if m.behind != nil && bytes.IndexByte(b, '\\') >= 0 {
		b = replace(m.behind, b, func(groups [][]byte) []byte {
			return append(bytes.Clone(groups[1]), m.user(string(groups[2]))...)
		})
	}
	if bytes.Contains(b, []byte("S-1-5-21-")) {
		b = replace(machineSID, b, func(groups [][]byte) []byte { return m.sid(string(groups[0])) })
	}
	return b
}

// replaceNames replaces whole words: the longest name that is one, where names begin alike.
func (m *mask) replaceNames(b []byte) []byte {
	var out []byte
	done, from := 0, 0
	for {
		at := m.find.FindSubmatchIndex(b[from:])
		if at == nil {
			return append(out, b[done:]...)
		}
		begin, end := from+at[2], from+at[3]
		if inWord(b, begin-1) {
			from = begin + 1
			continue
		}
		out = append(out, b[done:begin]...)
		out = append(out, m.words[string(bytes.ToLower(b[begin:end]))]...)
		done, from = end, end
	}
}

// inWord reports that the byte at i goes on a name; bytes of letters beyond ASCII do.
func inWord(b []byte, i int) bool {
	if i < 0 || i >= len(b) {
		return false
	}
	c := b[i]
	return c >= 0x80 || c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

func (m *mask) sid(found string) []byte {
	if m.sids[found] == "" {
		m.sids[found] = fmt.Sprintf("S-1-5-21-0-0-%d", len(m.sids)+1)
	}
	return []byte(m.sids[found])
}

// replace puts what with makes of a match's groups in its place.
func replace(re *regexp.Regexp, b []byte, with func([][]byte) []byte) []byte {
	var out []byte
	done := 0
	for _, at := range re.FindAllSubmatchIndex(b, -1) {
		groups := make([][]byte, len(at)/2)
		for i := range groups {
			groups[i] = b[at[2*i]:at[2*i+1]]
		}
		out = append(append(out, b[done:at[0]]...), with(groups)...)
		done = at[1]
	}
	return append(out, b[done:]...)
}
