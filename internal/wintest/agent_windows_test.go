package wintest

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows/registry"

	"github.com/redx-update/redx/internal/agent/setup"
	"github.com/redx-update/redx/internal/win"
)

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
			`SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate`,
		} {
			k, err := registry.OpenKey(registry.LOCAL_MACHINE, key, registry.QUERY_VALUE)
			if err == nil {
				_, _ = fmt.Fprintf(os.Stdout, "key HKLM\\%s\n", key)
				k.Close()
			}
		}
		return nil
	})
}
