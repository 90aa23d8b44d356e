// Package proof says whether a repair helped: what Windows' own update agent answered when it was asked for the same
// update again. Nouns only; who asks, and how, is for wuaclient.
//
// Its invariant: nothing is taken for proven that was not seen. That a search found the update says only that the
// server offers it; a download is believed when the files were there to be counted, an installation when the agent
// gave its result.
package proof

import (
	"fmt"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// Verdict is what is known after the update was asked for again.
type Verdict string

// The verdicts, as they stand in journals and in JSON.
const (
	// Proven: the same update was downloaded whole, with the right digests, or it was installed.
	Proven Verdict = "proven"
	// Unproven: nobody answered, the update is not offered any more, or there was a search alone.
	Unproven Verdict = "unproven"
	// Failed: the agent tried, and the error is still there.
	Failed Verdict = "failed"
)

// Proof is one answer, about one update.
type Proof struct {
	Verdict Verdict
	Code    hresult.Code // what the agent gave; the failure behind an answer that is not proven, else hresult.OK
	Update  update.Ref   // the update that the verdict is about, as the agent names it; zero when none was found
	Text    string       // a sentence for people
	Files   int          // how many files of it were seen to be there and right
}

// String gives the verdict as one line for people.
func (p Proof) String() string {
	s := string(p.Verdict) + ": " + p.Text
	if p.Code != hresult.OK {
		s += fmt.Sprintf(" (%s)", p.Code)
	}
	return s
}

// Worst is the proof of several updates together: one that failed outweighs one that is unproven, and that outweighs
// all that are proven. No proofs prove nothing.
func Worst(proofs []Proof) Proof {
	if len(proofs) == 0 {
		return Proof{Verdict: Unproven, Text: "no update was asked for again"}
	}
	worst, files := proofs[0], 0
	for _, p := range proofs {
		files += p.Files
		if p.Verdict.rank() > worst.Verdict.rank() {
			worst = p
		}
	}
	worst.Files = files
	return worst
}

// rank takes a verdict that it does not know for the worst.
func (v Verdict) rank() int {
	switch v {
	case Proven:
		return 0
	case Unproven:
		return 1
	default:
		return 2
	}
}
