package repair

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
)

// Options say what is asked for beside what the findings support.
type Options struct {
	// Article asks for exactly the procedure of KB 910336. It waives the proof, never a refusal.
	Article bool
	// AllowIrreversible allows acts that cannot be undone; a finding must still prove that they are needed.
	AllowIrreversible bool
	// Rungs are those that may be climbed; nil: all.
	Rungs []Rung
}

func (o *Options) allows(r Rung) bool { return o.Rungs == nil || slices.Contains(o.Rungs, r) }

// supported are the rungs that a proven finding of a check carries, the least first. What is not here leads to none:
// its fix is advice, or not this computer's.
var supported = map[string][]Rung{
	"payload-missing-download": {UpdateFolder, Download, SoftwareDistribution},
	"payload-damaged":          {UpdateFolder, Download, SoftwareDistribution},
	"datastore-damaged":        {DataStore, SoftwareDistribution},
	"catalog-database-damaged": {Catroot2},
	"bits-queue-damaged":       {TransferJobs},
}

// Targets gives every folder that a plan for the findings could move, so that they can be looked at before Make.
func Targets(findings []doctor.Finding, root Root) []Target {
	out := []Target{{Rung: Download}, {Rung: DataStore}, {Rung: SoftwareDistribution}}
	for i := range findings {
		found := updateFolders(&findings[i], root)
		if slices.Contains(supported[findings[i].Check], Catroot2) && !root.Own {
			found = append(found, Target{Rung: Catroot2})
		}
		for _, t := range found {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// Make plans the repair that the findings support on the installation of the scene. An error means that no names are
// left for kept copies.
func Make(findings []doctor.Finding, s *Scene, o Options) (*Plan, error) {
	p := &Plan{Root: s.Root, Machine: s.Machine, Article: o.Article, Checked: s.Looked}
	b := builder{scene: s, plan: p, taken: map[string][]string{}}
	if o.Article {
		b.rung(SoftwareDistribution, nil, []Target{{Rung: SoftwareDistribution}})
	} else {
		b.ladder(findings, o)
		p.Last, p.LastBecause = last(findings, s, o)
	}
	if b.err != nil {
		return nil, b.err
	}
	p.Advice = advice(findings)
	p.Turn = turn(p, s, findings, o)
	p.Warnings = warnings(p, findings)
	p.Refusals = refusals(p, s, findings)
	if len(p.Refusals) > 0 {
		p.Steps, p.Last, p.LastBecause = nil, nil, nil
	}
	p.LeftAlone = leftAlone(p, s, findings, o)
	return p, nil
}

// builder adds steps to a plan.
type builder struct {
	scene *Scene
	plan  *Plan
	taken map[string][]string // names that earlier moves of this plan will have, by folder
	err   error
}

func (b *builder) ladder(findings []doctor.Finding, o Options) {
	for _, r := range ladder {
		if r == TransferJobs || !o.allows(r) {
			continue // what cannot be undone: see last
		}
		var because []string
		var targets []Target
		for i := range findings {
			f := &findings[i]
			if !carries(f, findings, r) || elsewhere(f, b.scene.Root) {
				continue
			}
			found := []Target{{Rung: r}}
			if r == UpdateFolder {
				found = updateFolders(f, b.scene.Root)
			}
			if len(found) > 0 {
				because = append(because, f.ID)
			}
			targets = append(targets, found...)
		}
		b.rung(r, findingsByID(findings, because), targets)
	}
}

// last gives the acts that cannot be undone and that the findings support, if they are allowed. Transfer jobs are the
// running service's: on a disk that is looked at from elsewhere there is nobody to cancel them.
func last(findings []doctor.Finding, s *Scene, o Options) (acts []Irreversible, because []string) {
	if !o.AllowIrreversible || !s.Live || s.Root.Own {
		return nil, nil
	}
	for i := range findings {
		if carries(&findings[i], findings, TransferJobs) {
			acts, because = []Irreversible{CancelJobs{}}, append(because, findings[i].ID)
		}
	}
	return acts, because
}

// carries reports that the finding supports the rung: it is an error, proven, of a check that leads there, not for
// somebody else to mend, and not the consequence of another finding.
func carries(f *doctor.Finding, all []doctor.Finding, r Rung) bool {
	return f.Severity == doctor.Error && f.Confidence == doctor.Proven && !f.Turn.Elsewhere() &&
		slices.Contains(supported[f.Check], r) && cause(f, all) == nil
}

// elsewhere reports that the finding's files lie in another SoftwareDistribution than the root's: there can be two, Windows'
// own and that of redx's agent. Drives do not count, since a disk that is looked at from elsewhere may have been called by
// another letter.
func elsewhere(f *doctor.Finding, root Root) bool {
	here := strings.ToLower(undriven(Target{Rung: SoftwareDistribution}.Path(root))) + `\`
	other := false
	for _, file := range f.Files {
		path := strings.ToLower(undriven(file.Path))
		if strings.HasPrefix(path, here) {
			return false
		}
		other = other || strings.HasPrefix(path, `\`) && strings.Contains(path, `\softwaredistribution\`)
	}
	return other
}

// undriven takes the letter off a path.
func undriven(path string) string { return path[strings.IndexByte(path, ':')+1:] }

// cause gives the finding that this one follows from, nil when it stands for itself.
func cause(f *doctor.Finding, all []doctor.Finding) *doctor.Finding {
	for i := range all {
		if slices.Contains(f.BecauseOf, all[i].ID) {
			return &all[i]
		}
	}
	return nil
}

func findingsByID(all []doctor.Finding, ids []string) []*doctor.Finding {
	var out []*doctor.Finding
	for i := range all {
		if slices.Contains(ids, all[i].ID) {
			out = append(out, &all[i])
		}
	}
	return out
}

// rung adds the step that moves the targets which are there.
func (b *builder) rung(r Rung, because []*doctor.Finding, targets []Target) {
	step := Step{Rung: r, Download: Unknown, Disk: Unknown}
	for _, f := range because {
		step.BecauseOf = append(step.BecauseOf, f.ID)
	}
	for _, t := range targets {
		b.move(&step, t)
	}
	if len(step.Moves) == 0 {
		return
	}
	if !b.scene.Root.Own && b.scene.Live {
		step.Services = holders(r)
	}
	b.cost(&step, because)
	b.plan.Steps = append(b.plan.Steps, step)
}

func (b *builder) move(step *Step, t Target) {
	already := slices.ContainsFunc(step.Moves, func(m Move) bool { return m.Target == t })
	if already || b.err != nil || b.scene.Looked && !b.scene.Folders[t].Present {
		return
	}
	c := Copy{Of: t}
	dir := c.Dir(b.scene.Root)
	c, b.err = c.Free(slices.Concat(b.scene.Names[dir], b.taken[dir]))
	b.taken[dir] = append(b.taken[dir], c.Name())
	step.Moves = append(step.Moves, Move{t, c})
}

// cost adds up what must come again and what that needs of the disk while the old copies are kept.
func (b *builder) cost(step *Step, because []*doctor.Finding) {
	size := func(t Target) Bytes {
		if f, ok := b.scene.Folders[t]; ok && f.Present {
			return f.Bytes
		}
		return Unknown
	}
	switch step.Rung {
	case UpdateFolder, Download:
		for _, m := range step.Moves {
			step.Download = step.Download.plus(size(m.Target))
		}
		step.Download = step.Download.plus(lost(because))
		step.Disk = step.Download
	case SoftwareDistribution:
		step.Download = size(Target{Rung: Download}).plus(lost(because))
		step.Disk = step.Download.plus(size(Target{Rung: DataStore}))
	case DataStore, Catroot2: // Windows builds them anew, about as large; nothing is downloaded
		step.Download = 0
		for _, m := range step.Moves {
			step.Disk = step.Disk.plus(size(m.Target))
		}
	}
}

// lost is the size of the files that the findings miss, Unknown when none is known.
func lost(findings []*doctor.Finding) Bytes {
	sum := Unknown
	for _, f := range findings {
		for _, file := range f.Files {
			if file.Size > 0 {
				sum = sum.plus(Bytes(file.Size))
			}
		}
	}
	return sum
}

// updateFolders gives the download folders that the finding's files lie in. Paths that are elsewhere give none.
func updateFolders(f *doctor.Finding, root Root) []Target {
	var out []Target
	prefix := Target{Rung: Download}.Path(root) + `\`
	for _, file := range f.Files {
		if len(file.Path) <= len(prefix) || !strings.EqualFold(file.Path[:len(prefix)], prefix) {
			continue
		}
		name, rest, _ := strings.Cut(file.Path[len(prefix):], `\`)
		t := Target{UpdateFolder, strings.ToLower(name)}
		if rest != "" && t.Check(root) == nil && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b Target) int { return cmp.Compare(a.Update, b.Update) })
	return out
}

// name is what a finding is called in a plan.
func name(f *doctor.Finding) string { return fmt.Sprintf("%s (%s)", f.Title, f.ID) }
