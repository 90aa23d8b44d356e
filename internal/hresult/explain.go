package hresult

// Explanation is all that redx can say about one code. The texts are redx's own.
type Explanation struct {
	Code     Code
	Meanings []Meaning
	// Meaning is a sentence or two; Causes begin with the usual one; Next are steps in the order to try. All three are
	// empty when redx has no text for the code, even when it knows its name. Commands stand in backquotes; they are
	// for an elevated Command Prompt.
	Meaning string
	Causes  []string
	Next    []string
	Anatomy Anatomy
}

// Known tells that the code has a name or a text; otherwise only Anatomy and the family's range speak.
func (e Explanation) Known() bool {
	if e.Meaning != "" {
		return true
	}
	for _, m := range e.Meanings {
		if m.Symbol != "" {
			return true
		}
	}
	return false
}

// Explain puts together what is known of a code. A code that has no text of its own gets that of its twin: an NTSTATUS
// made an HRESULT, a system error as a plain number, SetupAPI's own form.
func Explain(c Code) Explanation {
	e := Explanation{Code: c, Meanings: Lookup(c), Anatomy: Dissect(c)}
	for _, twin := range [...]Code{c, twin(c)} {
		if t, ok := textOf(twin); ok {
			e.Meaning, e.Causes, e.Next = t.meaning, t.causes, t.next
			return e
		}
	}
	return e
}

// twin gives another spelling of the same error, or the code itself.
func twin(c Code) Code {
	switch {
	case c > 1 && c <= 0xFFFF:
		return FromWin32(uint32(c))
	case c>>16 == 0xE000:
		return 0x800F0000 | c&0xFFFF
	case c>>28 == 0xD:
		return c &^ ntBit
	case c>>16 == 0x8E5E:
		return 0xC8000000 | c&0xFFFF
	case c>>16 == 0xFFFF:
		return fromESE(uint32(c))
	}
	return c
}
