package applicability

// Expr is a compiled rule. It belongs to the Compiler that made it.
type Expr struct {
	op    op
	leaf  int // index in Compiler.leaves, of op isLeaf
	below []*Expr
}

type op uint8

const (
	isLeaf op = iota
	isAnd
	isOr
	isNot
)

// leaf is one rule that asks the computer. Equal rules of all updates are one leaf, asked once in a scan.
type leaf struct {
	name string // as written, for people
	ask  func(*Scan) (Truth, error)
}

// Scan is one evaluation of rules: all see the computer as it was when a fact was first asked for. It is for one
// goroutine.
type Scan struct {
	facts  Facts
	leaves []leaf
	seen   []cell
	cache
}

// cell is what a leaf has answered in this scan.
type cell struct {
	asked bool
	truth Truth
	err   error
}

// Eval evaluates a rule. A nil rule, one that an update does not have, is False.
func (s *Scan) Eval(e *Expr) Answer {
	if e == nil {
		return Answer{Truth: False}
	}
	truth, open := s.eval(e)
	if truth != Unknown {
		return Answer{Truth: truth}
	}
	a := Answer{Rule: s.leaves[open].name, Why: ErrUnknown.Error()}
	if err := s.seen[open].err; err != nil {
		a.Why = err.Error()
	}
	return a
}

// eval gives the truth and, when it is Unknown, the first leaf that is to blame.
func (s *Scan) eval(e *Expr) (truth Truth, open int) {
	switch e.op {
	case isLeaf:
		return s.ask(e.leaf), e.leaf
	case isNot:
		truth, open = s.eval(e.below[0])
		return -truth, open
	case isAnd:
		return s.all(e.below, False)
	default:
		return s.all(e.below, True)
	}
}

// all goes through the parts of an And, which one False decides, or of an Or, which one True decides.
func (s *Scan) all(below []*Expr, decides Truth) (truth Truth, open int) {
	truth = -decides
	for _, e := range below {
		t, o := s.eval(e)
		switch {
		case t == decides:
			return t, 0
		case t == Unknown && truth != Unknown:
			truth, open = Unknown, o
		}
	}
	return truth, open
}

func (s *Scan) ask(n int) Truth {
	c := &s.seen[n]
	if !c.asked {
		c.truth, c.err = s.leaves[n].ask(s)
		c.asked = true
	}
	return c.truth
}
