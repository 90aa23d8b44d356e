package gather

import (
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/servicing"
)

// corruptionFault says what a line of the store's check means: "CSI Payload Corrupt", "CBS MUM Missing", "CSI Manifest
// Missing" and the like, of DISM and of CheckSUR.
func corruptionFault(c *cbslog.Corruption) (kind evidence.Kind, fields map[string]string, ok bool) {
	switch {
	case strings.HasPrefix(c.Kind, "CSI Payload"):
		kind = evidence.PayloadCorrupt
		if c.Fixed {
			kind = evidence.PayloadRepaired
		}
		return kind, payloadFields(c.Component.String(), c.File, c.Flag), c.File != ""
	case strings.HasPrefix(c.Kind, "CBS MUM"), strings.HasPrefix(c.Kind, "CBS Catalog"), strings.HasPrefix(c.Kind, "CBS Manifest"):
		kind = evidence.PackageManifestMissing
		if c.Fixed {
			kind = evidence.PackageManifestRepaired
		}
		fields := fieldOf(evidence.Name, c.Package.String())
		if strings.HasSuffix(c.Kind, "Corrupt") {
			fields[evidence.Status] = evidence.Damaged
		}
		return kind, fields, c.Package != servicing.Package{}
	case strings.HasPrefix(c.Kind, "CSI Manifest"):
		return manifestFault(c), fieldOf(evidence.Component, c.Component.String()), c.Component != servicing.Component{}
	case strings.HasPrefix(c.Kind, "CSI Catalog"), strings.Contains(c.Kind, " Mark "):
		return manifestFault(c), fieldOf(evidence.Path, c.Target), c.Target != ""
	}
	return "", nil, false
}

func manifestFault(c *cbslog.Corruption) evidence.Kind {
	switch {
	case c.Fixed:
		return evidence.ManifestRepaired
	case strings.HasPrefix(c.Kind, "CSI Manifest Missing"):
		return evidence.ComponentManifestMissing
	}
	return evidence.ManifestDamaged
}
