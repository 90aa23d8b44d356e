package repair

import "slices"

// Sequence gives the acts of one transaction that takes the step, in their order: first what brings redx back after a
// crash, then every start type, then every service, those on top first, then the moves. Dependents are the running
// services on top of each service. Where no service is touched, it is the moves alone.
func (s Step) Sequence(dependents map[string][]string) []Reversible {
	acts := hush(s.Services, dependents)
	for _, m := range s.Moves {
		acts = append(acts, MoveAway{m})
	}
	return acts
}

func hush(names []string, dependents map[string][]string) []Reversible {
	if len(names) == 0 {
		return nil
	}
	acts := []Reversible{Guard{}}
	for _, name := range names {
		acts = append(acts, Hold{name})
	}
	for _, name := range names {
		for _, d := range dependents[name] {
			if !listed(d) {
				acts = append(acts, Halt{d, true})
			}
		}
		acts = append(acts, Halt{name, false})
	}
	return acts
}

// Quiet gives the acts that keep the services of a rung from its folders, as Sequence has them before its moves.
func Quiet(r Rung, dependents map[string][]string) []Reversible { return hush(holders(r), dependents) }

// TakeBack gives the acts that undo a transaction: services are held as in it; what Windows made anew moves to a name
// of its own, then the copies get their names back, the last first. Names are those that stand in a folder now.
func TakeBack(acts []Reversible, root Root, names func(dir string) ([]string, error)) ([]Reversible, error) {
	var out []Reversible
	for _, a := range acts {
		if a.Passing() {
			out = append(out, a)
		}
	}
	for _, a := range slices.Backward(acts) {
		m, ok := a.(MoveAway)
		if !ok || m.Copy.Undone {
			continue
		}
		aside := Copy{Of: m.Target, Undone: true}
		taken, err := names(aside.Dir(root))
		if err != nil {
			return nil, err
		}
		if aside, err = aside.Free(taken); err != nil {
			return nil, err
		}
		out = append(out, MoveAway{Move{m.Target, aside}}, BringBack(m))
	}
	return out, nil
}
