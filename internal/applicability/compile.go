package applicability

import (
	"fmt"
	"strconv"

	"github.com/redx-update/redx/internal/guid"
)

// Bounds of one update's rules; Microsoft's largest have some hundred elements.
const (
	maxRules = 1 << 20 // bytes
	maxDepth = 64
	maxNodes = 20_000
)

// Rules are the compiled rules of one update. Those that the update does not have are nil.
type Rules struct {
	IsInstalled, IsSuperseded, IsInstallable *Expr
}

// Compiler turns the rules of many updates into Exprs that share what is equal in them. The zero value is ready.
// It is for one goroutine; a Scan must not outlive the next Compile.
type Compiler struct {
	leaves []leaf
	index  map[string]int
	count  int // of what was compiled
}

// Scan begins an evaluation against one computer.
func (c *Compiler) Scan(f Facts) *Scan {
	return &Scan{facts: f, leaves: c.leaves, seen: make([]cell, len(c.leaves))}
}

// Compile compiles the ApplicabilityRules of a core fragment: the element itself, or a fragment in which it stands
// among others. Prefixes (b. m. d., bar: msiar:) are not looked at, since every rule's name is its own. A rule of an
// unknown name, or with attributes that cannot be read, is no error: it is Unknown whenever it is asked.
//
// The update is the one that InstalledOnce asks for. An error says that the text is no well-formed XML or exceeds the
// bounds, and where.
func (c *Compiler) Compile(fragment []byte, update guid.GUID) (Rules, error) {
	if len(fragment) > maxRules {
		return Rules{}, fmt.Errorf("rules of %d bytes, more than %d", len(fragment), maxRules)
	}
	root, err := parse(fragment)
	if err != nil {
		return Rules{}, err
	}
	var r Rules
	found := root.find("ApplicabilityRules")
	if found == nil {
		return r, nil
	}
	c.count++
	b := builder{c: c, number: c.count, update: update, metadata: found.child("Metadata")}
	for _, e := range found.below {
		switch e.name {
		case "IsInstalled":
			r.IsInstalled = b.rule(e)
		case "IsSuperseded":
			r.IsSuperseded = b.rule(e)
		case "IsInstallable":
			r.IsInstallable = b.rule(e)
		}
	}
	return r, nil
}

// builder compiles the rules of one update.
type builder struct {
	c        *Compiler
	number   int // of this update in its order
	update   guid.GUID
	metadata *element // nil when there is none
}

// rule compiles what stands in IsInstalled and the like; an empty one is as if it were not there.
func (b *builder) rule(e *element) *Expr {
	if len(e.below) == 0 {
		return nil
	}
	return b.group(isAnd, e)
}

func (b *builder) group(o op, e *element) *Expr {
	below := make([]*Expr, 0, len(e.below))
	for _, sub := range e.below {
		below = append(below, b.expr(sub))
	}
	if len(below) == 1 && o != isNot {
		return below[0]
	}
	return &Expr{op: o, below: below}
}

func (b *builder) expr(e *element) *Expr {
	switch e.name {
	case "And":
		if len(e.below) > 0 { // of nothing it would be true
			return b.group(isAnd, e)
		}
	case "Or":
		if len(e.below) > 0 {
			return b.group(isOr, e)
		}
	case "Not":
		if len(e.below) == 1 {
			return b.group(isNot, e)
		}
	case "True":
		return &Expr{op: isAnd}
	case "False":
		return &Expr{op: isOr}
	}
	return &Expr{leaf: b.leaf(e)}
}

// leaf finds or makes the leaf of a rule. Rules that hang on the update's own metadata or identity are shared by none.
func (b *builder) leaf(e *element) int {
	key := e.String()
	rule := rules[e.name]
	if rule.own {
		key = strconv.Itoa(b.number) + " " + key // revisions of one update have metadata of their own
	}
	if n, ok := b.c.index[key]; ok {
		return n
	}
	l := leaf{name: e.String()}
	err := fmt.Errorf("redx does not evaluate %s", e.name)
	switch {
	case rule.compile == nil:
	case rule.needs != "" && !e.has(rule.needs):
		err = fmt.Errorf("%s has no attribute %s", e.name, rule.needs)
	default:
		l.ask, err = rule.compile(b, e)
	}
	if err != nil {
		l.ask = func(*Scan) (Truth, error) { return Unknown, err }
	}
	b.c.leaves = append(b.c.leaves, l)
	if b.c.index == nil {
		b.c.index = map[string]int{}
	}
	b.c.index[key] = len(b.c.leaves) - 1
	return len(b.c.leaves) - 1
}
