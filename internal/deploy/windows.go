package deploy

import (
	"fmt"

	"github.com/redx-update/redx/internal/maintenance"
)

// CheckWindows refuses an approval whose windows, with those of the update's other groups, a computer that is in all of them
// could not be told: it would go by its own settings' windows alone. The approvals are all that there are; one of the same
// update and group is the one that is set anew. Which groups a computer is in can change, so all that agree are counted.
func CheckWindows(approvals []Approval, next Approval) error {
	if len(next.Window) == 0 {
		return nil
	}
	all := next.Window
	for _, a := range approvals {
		if a.Update == next.Update && a.Group != next.Group && a.Choice == next.Choice {
			all = all.And(a.Window)
		}
	}
	if len(all) > maintenance.MaxWindows {
		return fmt.Errorf("with those of the update's other groups these are windows of %d different hours: more than %d", len(all), maintenance.MaxWindows)
	}
	return nil
}
