package scan

import (
	"github.com/redx-update/redx/internal/applicability"
)

// evaluation is one scan: every question about a revision is answered once.
type evaluation struct {
	scan         *applicability.Scan
	haveAnswers  []memo // is it installed, by item.at
	needAnswers  []memo // is it needed
	requiresMemo []memo // is what it requires installed
}

type memo struct {
	stage  stage
	answer applicability.Answer
}

type stage uint8

const (
	unasked stage = iota
	asking
	answered
)

func (s *Set) begin(f applicability.Facts) *evaluation {
	n := len(s.items)
	return &evaluation{
		scan: s.compiler.Scan(f), haveAnswers: make([]memo, n), needAnswers: make([]memo, n), requiresMemo: make([]memo, n),
	}
}

// once answers a question about a revision. One that leads back to itself has no answer: the catalogue is wrong.
func once(m *memo, ask func() applicability.Answer) applicability.Answer {
	switch m.stage {
	case answered:
		return m.answer
	case asking:
		return unknown("Relationships", "what it requires leads back to itself")
	}
	m.stage = asking
	m.answer = ask()
	m.stage = answered
	return m.answer
}

// eval evaluates a rule of a revision.
func (e *evaluation) eval(i *item, rule *applicability.Expr) applicability.Answer {
	if i.problem != "" {
		return unknown("UpdateIdentity", "%s", i.problem)
	}
	return e.scan.Eval(rule)
}

// required tells whether what a revision requires is installed.
func (e *evaluation) required(i *item) applicability.Answer {
	if len(i.prerequisites) == 0 {
		return applicability.Answer{Truth: applicability.True}
	}
	return once(&e.requiresMemo[i.at], func() applicability.Answer {
		return every(i.prerequisites, func(of []*item) applicability.Answer { return anyOf(of, e.installed) })
	})
}

// installed tells whether a revision is on the computer. A bundle without a rule is when of every group a member is.
func (e *evaluation) installed(i *item) applicability.Answer {
	return once(&e.haveAnswers[i.at], func() applicability.Answer {
		if r := e.required(i); r.Truth != applicability.True {
			return r
		}
		if i.rules.IsInstalled == nil && len(i.members) > 0 && i.problem == "" {
			return every(i.members, func(of []*item) applicability.Answer { return anyOf(of, e.installed) })
		}
		return e.eval(i, i.rules.IsInstalled)
	})
}

// needed tells whether a revision is to be installed: what it requires is there, it is not, nothing newer made it
// superfluous, and it can be installed. Of a bundle the members have a word too.
func (e *evaluation) needed(i *item) applicability.Answer {
	return once(&e.needAnswers[i.at], func() applicability.Answer {
		if a := e.required(i); a.Truth != applicability.True {
			return a
		}
		if a := not(e.installed(i)); a.Truth != applicability.True {
			return a
		}
		if a := not(e.eval(i, i.rules.IsSuperseded)); a.Truth != applicability.True {
			return a
		}
		own := e.eval(i, i.rules.IsInstallable)
		if len(i.members) == 0 || i.rules.IsInstallable != nil && own.Truth != applicability.True {
			return own
		}
		return every(i.members, func(of []*item) applicability.Answer { return anyOf(of, e.presentOrNeeded) })
	})
}

// presentOrNeeded is what a bundle wants of a member.
func (e *evaluation) presentOrNeeded(m *item) applicability.Answer {
	have := e.installed(m)
	if have.Truth == applicability.True {
		return have
	}
	need := e.needed(m)
	if need.Truth == applicability.True || have.Truth == applicability.False {
		return need
	}
	return have
}

func not(a applicability.Answer) applicability.Answer {
	a.Truth = -a.Truth
	return a
}

// every is And, and anyOf is Or, by Kleene's logic; what is left open is blamed on the first that was.
func every[T any](all []T, ask func(T) applicability.Answer) applicability.Answer {
	return fold(all, applicability.False, ask)
}

func anyOf[T any](all []T, ask func(T) applicability.Answer) applicability.Answer {
	return fold(all, applicability.True, ask)
}

func fold[T any](all []T, decides applicability.Truth, ask func(T) applicability.Answer) applicability.Answer {
	result := applicability.Answer{Truth: -decides}
	for _, v := range all {
		a := ask(v)
		switch {
		case a.Truth == decides:
			return a
		case a.Truth == applicability.Unknown && result.Truth != applicability.Unknown:
			result = a
		}
	}
	return result
}
