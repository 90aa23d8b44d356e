package gather

import (
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image"
)

// machine notes what the installation is.
func (g *gatherer) machine() {
	g.out.SetMachine(evidence.Machine{SystemRoot: g.img.SystemRoot(), Present: g.img.Kind() != image.Logs})
}
