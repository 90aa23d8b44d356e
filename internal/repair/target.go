package repair

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Root is the folder in which SoftwareDistribution stands: the Windows folder, or one of redx's own.
type Root struct {
	Dir string // such as C:\Windows; absolute, without a backslash at its end
	Own bool   // redx's own: no Windows service is touched, and there is no catroot2
}

// updateName is the name of one update's download folder: a digest in hex.
var updateName = regexp.MustCompile(`^(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$`)

// ErrNotListed says that it is none of the things that redx may touch.
var ErrNotListed = errors.New("not on the list of what redx may touch")

// Target is a folder that redx may move away. There are no others.
type Target struct {
	Rung   Rung   `json:"rung"`
	Update string `json:"update,omitempty"` // name of the folder below Download; for UpdateFolder alone
}

// Check reports a target that is not on the list, wrapping ErrNotListed.
func (t Target) Check(root Root) error {
	switch t.Rung {
	case UpdateFolder:
		if updateName.MatchString(t.Update) {
			return nil
		}
	case Download, DataStore, SoftwareDistribution:
		if t.Update == "" {
			return nil
		}
	case Catroot2:
		if t.Update == "" && !root.Own {
			return nil
		}
	}
	return fmt.Errorf("folder %q of rung %q: %w", t.Update, t.Rung, ErrNotListed)
}

// Path is where the target stands. It must have passed Check.
func (t Target) Path(root Root) string {
	switch t.Rung {
	case UpdateFolder:
		return root.Dir + `\SoftwareDistribution\Download\` + t.Update
	case Download, DataStore:
		return root.Dir + `\SoftwareDistribution\` + t.plain()
	case Catroot2:
		return root.Dir + `\System32\catroot2`
	default:
		return root.Dir + `\SoftwareDistribution`
	}
}

func (t Target) plain() string {
	return map[Rung]string{Download: "Download", DataStore: "DataStore"}[t.Rung]
}

// Way gives the folders from the root down to the target, itself included: none of them may be a reparse point.
func (t Target) Way(root Root) []string {
	way := []string{root.Dir}
	rest := strings.TrimPrefix(t.Path(root), root.Dir+`\`)
	for name := range strings.SplitSeq(rest, `\`) {
		way = append(way, way[len(way)-1]+`\`+name)
	}
	return way
}

// Copy is a kept copy of a target. It stands beside SoftwareDistribution, outside of what Windows cleans up.
type Copy struct {
	Of     Target `json:"of"`
	Undone bool   `json:"undone,omitempty"` // what Windows had made anew when a repair was undone
	N      int    `json:"n"`                // 1 has no number in its name
}

// maxCopies is how many copies of one target there can be.
const maxCopies = 9999

// Check reports a copy that is not on the list, wrapping ErrNotListed.
func (c Copy) Check(root Root) error {
	if c.N < 1 || c.N > maxCopies {
		return fmt.Errorf("copy %d: %w", c.N, ErrNotListed)
	}
	return c.Of.Check(root)
}

// Dir is the folder in which the copies of the target stand.
func (c Copy) Dir(root Root) string {
	if c.Of.Rung == Catroot2 {
		return root.Dir + `\System32`
	}
	return root.Dir
}

// Name is the copy's name: SDTemp as KB 910336 has it, SDTemp.2, SDTemp.Download, SDTemp.undone ...
func (c Copy) Name() string {
	name := map[Rung]string{
		UpdateFolder: "SDTemp." + c.Of.Update, Download: "SDTemp.Download", DataStore: "SDTemp.DataStore",
		SoftwareDistribution: "SDTemp", Catroot2: "catroot2.SDTemp",
	}[c.Of.Rung]
	if c.Undone {
		name += ".undone"
	}
	if c.N > 1 {
		name += "." + strconv.Itoa(c.N)
	}
	return name
}

// Path is where the copy stands. It must have passed Check.
func (c Copy) Path(root Root) string { return c.Dir(root) + `\` + c.Name() }

// Free gives the copy with the first number whose name is none of those taken. Names are compared without case, as
// Windows compares them.
func (c Copy) Free(taken []string) (Copy, error) {
	used := make(map[string]bool, len(taken))
	for _, name := range taken {
		used[strings.ToUpper(name)] = true
	}
	for c.N = 1; c.N <= maxCopies; c.N++ {
		if !used[strings.ToUpper(c.Name())] {
			return c, nil
		}
	}
	return c, fmt.Errorf("%s: there are %d copies already; remove old ones", c.Of.Rung, maxCopies)
}
