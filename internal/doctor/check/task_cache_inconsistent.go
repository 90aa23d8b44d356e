package check

import (
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// TaskCacheInconsistent finds a scheduled task that the registry's cache knows by half: an installer that registers it
// fails, and the update ends with 0x800F0922.
func TaskCacheInconsistent() doctor.Check {
	return doctor.Check{
		ID:    "task-cache-inconsistent",
		Title: "The cache of scheduled tasks is inconsistent",
		Reads: []evidence.Kind{evidence.TaskFailed, evidence.KeyState, evidence.ServicingEnd, evidence.Attempt},
		Run:   taskCacheInconsistent,
	}
}

func taskCacheInconsistent(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	failing := len(standing(x, installersFailed)) > 0 || x.Evidence.Machine.Excerpt
	for _, e := range unsettled(x, evidence.TaskFailed) {
		if !missingCode(e) || schedulersOwn(e) && !failing {
			continue
		}
		name := e.Field(evidence.Name)
		f := fault{event: e, sure: !schedulersOwn(e)}
		if name != "" {
			f.thing = doctor.Missing{Kind: doctor.MissingTask, Name: name}
		}
		if key, ok := keyOf(x.Evidence, name); ok && name != "" {
			if key.Field(evidence.State) == evidence.Present {
				continue
			}
			f.more = []*evidence.Event{key}
		}
		faults = append(faults, f)
	}
	return gathered(faults, describeTask)
}

// installersFailed is the result of an update one of whose installers failed, CBS_E_INSTALLERS_FAILED.
const installersFailed hresult.Code = 0x800F0922

// schedulersOwn tells the scheduler's own event from servicing's line. Computers have such tasks without any harm, so
// the event counts only while an update fails in its installers.
func schedulersOwn(e *evidence.Event) bool { return e.Source.Record > 0 }

func describeTask(f *doctor.Finding) {
	f.Title = "A scheduled task is known by half" + failsOn(f)
	f.Surer = "the line of CBS.log in which an installer cannot register the task"
	if len(f.Missing) > 0 {
		f.Title = "The scheduled task " + f.Missing[0].Name + " is known by half" + failsOn(f)
	}
	f.Detail = "An installer of the update registers a scheduled task, and the task scheduler answers \"file not found\": the registry's cache " +
		"(Schedule\\TaskCache) names the task in its Tree and lacks it in its Tasks. Keep a copy of the cache, remove the half that is " +
		"left, then install the update again; its installer makes the task anew."
	f.Next = []string{
		`reg export "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache" %TEMP%\TaskCache.reg`,
		"schtasks /query /fo LIST", openWindowsUpdate,
	}
	for _, e := range f.Proof {
		if key := e.Source.Path; e.Kind == evidence.KeyState && strings.Contains(key, `\Schedule\TaskCache\Tree\`) && quotable(key) {
			f.Next[1] = `reg delete "` + key + `"`
			return
		}
	}
}
