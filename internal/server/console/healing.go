package console

import (
	"errors"
	"log/slog"

	"github.com/redx-update/redx/internal/store"
)

// resumeHealing lets computers mend a finding by themselves again.
func (c *Console) resumeHealing(v *visit) error {
	what := v.r.PostForm.Get("what")
	err := c.Store.ResumeHealing(v.r.Context(), what, c.Now())
	switch {
	case errors.Is(err, store.ErrNotFound): // somebody was quicker
	case err != nil:
		return err
	default:
		c.Log.InfoContext(v.r.Context(), "healing resumed", slog.String("what", what), slog.String("by", v.who()))
	}
	return v.see("/#causes")
}
