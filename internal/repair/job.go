package repair

import (
	"strings"

	"github.com/redx-update/redx/internal/guid"
)

// Job is a job in the queue of Windows' transfer service (BITS), by which Windows Update and many other programs have
// their files fetched.
type Job struct {
	ID    guid.GUID
	Name  string // its display name
	Owner string // the SID of its owner
}

// What Windows Update's jobs are known by: its service runs as the system and names all of them so. The name alone says
// nothing, for anybody may choose it; and the system has jobs of others.
const (
	jobOwner = "S-1-5-18"
	jobName  = "WU Client Download"
)

// Own reports that the job is one of Windows Update's. No other may be cancelled.
func (j Job) Own() bool {
	return !j.ID.IsZero() && strings.EqualFold(j.Owner, jobOwner) && strings.EqualFold(j.Name, jobName)
}
