// Package applicability decides whether an update concerns a computer: it compiles the rules of an update's core
// fragment (MS-WUSP 3.1.1.1 and the schemas of its notes 42 and 53) and evaluates them against Facts.
//
// It reads no machine itself, and it keeps no verdict: rules are compiled once, when they are received, and asked anew
// in every Scan. Its invariant is that it never guesses. A rule whose facts cannot be had is Unknown, Unknown goes
// through And, Or and Not by Kleene's logic, and an answer that is Unknown names the rule that made it so.
package applicability

// Truth is a verdict in three-valued logic.
type Truth int8

// The truths. The zero value is Unknown.
const (
	Unknown Truth = 0
	True    Truth = 1
	False   Truth = -1
)

func (t Truth) String() string {
	switch t {
	case True:
		return "true"
	case False:
		return "false"
	default:
		return "unknown"
	}
}

// of makes a truth of what is known.
func of(b bool) Truth {
	if b {
		return True
	}
	return False
}

// Answer is the verdict of a rule, with the leaf that left it open.
type Answer struct {
	Truth Truth
	// Rule is the first rule that could not be evaluated, such as `WmiQuery WqlQuery="select ..."`, and Why what it
	// lacked; both only when Truth is Unknown.
	Rule, Why string
}
