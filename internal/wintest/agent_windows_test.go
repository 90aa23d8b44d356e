package wintest

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/windows/registry"

	"github.com/redx-update/redx/internal/agent/setup"
	"github.com/redx-update/redx/internal/win"
)

// updatePolicy is the policy of Windows' own update agent.
const updatePolicy = `SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate`

// installUpdate is an update's program: it copies a file that came with it.
func installUpdate(args []string) error {
	data, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], data, 0o644)
}

// traces prints what an agent that was taken off has left: its service, its source of events, its policy.
func traces([]string) error {
	return each([]string{setup.Name}, func(s *win.Services, name string) error {
		if st, err := s.Status(name); !errors.Is(err, win.ErrNoService) {
			_, _ = fmt.Fprintf(os.Stdout, "service %s: %+v, %v\n", name, st, err)
		}
		for _, key := range []string{
			`SYSTEM\CurrentControlSet\Services\` + name, `SYSTEM\CurrentControlSet\Services\EventLog\Application\` + name,
			updatePolicy, updatePolicy + `\AU`,
		} {
			if err := printKey(key); err != nil {
				return err
			}
		}
		return nil
	})
}

// printKey prints a key and its values; one that is not there, not at all.
func printKey(key string) error {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, key, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer k.Close()
	_, _ = fmt.Fprintf(os.Stdout, "key HKLM\\%s\n", key)
	names, err := k.ReadValueNames(0)
	slices.Sort(names)
	for _, name := range names {
		text, _, _ := k.GetStringValue(name)
		number, _, _ := k.GetIntegerValue(name)
		_, _ = fmt.Fprintf(os.Stdout, "  %s = %q %d\n", name, text, number)
	}
	return err
}

// setPolicy writes a text into the policy of the update agent, as an administrator does: NAME TEXT.
func setPolicy(args []string) error {
	k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, updatePolicy, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	return k.SetStringValue(args[0], args[1])
}

// dropPolicy removes the policy of the update agent.
func dropPolicy([]string) error {
	for _, key := range []string{updatePolicy + `\AU`, updatePolicy} {
		if err := registry.DeleteKey(registry.LOCAL_MACHINE, key); err != nil && !errors.Is(err, registry.ErrNotExist) {
			return err
		}
	}
	return nil
}
