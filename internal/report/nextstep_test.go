package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/image"
)

// TestNextGroups holds that each command stands under where it is typed, and that what is not for everybody comes last, under
// its condition, whatever order a check gives.
func TestNextGroups(t *testing.T) {
	commands := []string{
		`DISM /Image:LETTER:\ /Cleanup-Image /RevertPendingActions`, "sfc /scannow", "start https://www.catalog.update.microsoft.com/x",
		"redx repair --image E:/", "start ms-settings:windowsupdate",
	}
	const only = "only if the restart did not help, in the recovery environment of that PC (hold Shift and choose Restart; Troubleshoot, " +
		"Advanced options, Command Prompt):"
	for kind, want := range map[image.Kind][][]string{
		image.Offline: {
			{"where redx runs, while the disk is connected:", commands[3]},
			{"on any computer:", commands[2]},
			{"on the PC that fails, with its disk back in it, in a Command Prompt as administrator:", commands[1], commands[4]},
			{only, commands[0]},
		},
		image.Logs: {
			{"where redx runs, while the disk is connected:", commands[3]},
			{"on any computer:", commands[2]},
			{"on the PC that the logs come from, in a Command Prompt as administrator:", commands[1], commands[4]},
			{only, commands[0]},
		},
		image.Online: {{"", commands[1], commands[2], commands[3], commands[4]}, {only, commands[0]}},
	} {
		var got [][]string
		for _, g := range nextGroups(commands, Image{Kind: kind}) {
			lines := []string{g.Heading}
			for _, s := range g.Steps {
				lines = append(lines, s.Command)
			}
			got = append(got, lines)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", kind, diff)
		}
	}
}

// TestBack holds that only the repair which can be undone says how, with the image that it is about.
func TestBack(t *testing.T) {
	for command, want := range map[string]string{
		"redx repair":                        "redx repair undo",
		"redx repair --image E:/":            "redx repair undo --image E:/",
		"redx repair --allow-irreversible":   "",
		"redx repair undo --image E:/":       "",
		"redx diagnose --image E:/":          "",
		"start ms-settings:windowsupdate":    "",
		`reg query "HKLM\x" /v " --image x"`: "",
	} {
		if got := nextStep(command).Back; got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}
