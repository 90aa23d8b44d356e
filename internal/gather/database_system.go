package gather

import (
	"errors"
	"slices"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format"
)

// databases are the files whose soundness updates depend on.
var databases = []string{"datastore.edb", "qmgr.db", "catdb"}

// databaseDamage says that a database which updates need is damaged, by what its reader met. Single records that cannot
// be read do not come here; a disk that does not give the file is no damage of the database either.
func databaseDamage(path string, err error) (evidence.Event, bool) {
	var damage *format.Error
	damaged := errors.As(err, &damage) && !format.Failed(err) || errors.Is(err, errUnrecognised)
	if !damaged || !slices.Contains(databases, base(path)) || putAside.MatchString(path) {
		return evidence.Event{}, false
	}
	return evidence.Event{
		Kind: evidence.DatabaseDamaged, Source: evidence.Source{Path: path}, Text: "the database cannot be read: " + err.Error(),
		Fields: map[string]string{evidence.Path: path, evidence.Name: "the file itself"},
	}, true
}

func (g *gatherer) damagedDatabase(path string, err error) {
	if e, ok := databaseDamage(path, err); ok {
		g.out.Add(e)
	}
}
