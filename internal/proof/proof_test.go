package proof_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/proof"
)

func TestWorst(t *testing.T) {
	good := proof.Proof{Verdict: proof.Proven, Text: "downloaded", Files: 3}
	open := proof.Proof{Verdict: proof.Unproven, Text: "not offered"}
	bad := proof.Proof{Verdict: proof.Failed, Code: hresult.FileNotFound, Text: "download", Files: 1}
	sum := func(p proof.Proof, files int) proof.Proof {
		p.Files = files
		return p
	}
	for name, tt := range map[string]struct {
		proofs []proof.Proof
		want   proof.Proof
	}{
		"none":              {nil, proof.Proof{Verdict: proof.Unproven, Text: "no update was asked for again"}},
		"all good":          {[]proof.Proof{good, good}, sum(good, 6)},
		"one open":          {[]proof.Proof{good, open, good}, sum(open, 6)},
		"one failed":        {[]proof.Proof{open, bad, good}, sum(bad, 4)},
		"an unknown spoils": {[]proof.Proof{bad, {Verdict: "?"}}, sum(bad, 1)},
	} {
		if d := cmp.Diff(tt.want, proof.Worst(tt.proofs)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestString(t *testing.T) {
	p := proof.Proof{Verdict: proof.Failed, Code: hresult.FileNotFound, Text: "the download failed"}
	const want = "failed: the download failed (0x80070002 ERROR_FILE_NOT_FOUND)"
	if got := p.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
