package backend

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/wsus/clientws"
)

// computers remembers computers for a moment: a client that synchronises asks many times in a row. What the
// administrator changes counts after that moment.
type computers struct {
	mu  sync.Mutex
	all map[string]cached
}

type cached struct {
	computer server.Computer
	until    time.Time
}

const (
	rememberFor = 5 * time.Second
	remembered  = 20000
)

func (c *computers) get(id string) (server.Computer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.all[id]
	return e.computer, ok && time.Now().Before(e.until)
}

func (c *computers) put(computer server.Computer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) >= remembered {
		clear(c.all)
	}
	c.all[computer.ID] = cached{computer, time.Now().Add(rememberFor)}
}

func (c *computers) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, id)
}

// Claim implements server.Computers.
func (b *Backend) Claim(ctx context.Context, c server.Claim) (server.Computer, error) {
	k, err := b.store.Enroll(ctx, store.Sighting{
		ID: c.ID, Name: c.DNSName, Group: strings.Join(c.Groups, ";"), Address: c.Address, Time: time.Now(),
	})
	if err != nil {
		return server.Computer{}, err
	}
	if k.Cloned() {
		b.log.WarnContext(ctx, "one client id on several computers", slog.String("computer", c.ID), slog.String("name", c.DNSName), slog.String("before", k.AlsoKnownAs[0].Name))
	}
	return b.remember(k), nil
}

func (b *Backend) remember(k store.Computer) server.Computer {
	c := server.Computer{ID: k.ID, Groups: k.Groups, Registered: k.Registered}
	b.computers.put(c)
	return c
}

// Computer implements server.Computers.
func (b *Backend) Computer(ctx context.Context, id string) (server.Computer, bool, error) {
	if c, ok := b.computers.get(id); ok {
		return c, true, nil
	}
	k, err := b.store.Computer(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && k.ID != id {
		return server.Computer{}, false, nil
	}
	if err != nil {
		return server.Computer{}, false, err
	}
	return b.remember(k), true, nil
}

// Register implements server.Computers.
func (b *Backend) Register(ctx context.Context, id string, info clientws.ComputerInfo) error {
	defer b.computers.forget(id)
	return b.store.Register(ctx, id, details(info))
}

// details takes the struct's fields by the names that the specification has for them.
func details(info clientws.ComputerInfo) store.Details {
	d := store.Details{}
	v := reflect.ValueOf(info)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("soap"), ",")
		switch f := v.Field(i).Interface().(type) {
		case string:
			d[name] = f
		case int32:
			d[name] = decimal(f)
		case time.Time:
			if !f.IsZero() {
				d[name] = f.Format(time.RFC3339)
			}
		}
	}
	for name, text := range d {
		if text == "" {
			delete(d, name)
		}
	}
	return d
}

// seen gathers synchronisations, so that none waits for the disk.
type seen struct {
	mu  sync.Mutex
	all map[string]store.Synced
}

// Synced implements server.Computers.
func (b *Backend) Synced(id string, at time.Time, installed []catalog.RevisionID) {
	b.seen.mu.Lock()
	defer b.seen.mu.Unlock()
	if installed == nil {
		installed = b.seen.all[id].Installed
	}
	b.seen.all[id] = store.Synced{Computer: id, Time: at, Installed: installed}
}

// Flush writes the synchronisations that were gathered. What could not be written is kept for the next time.
func (b *Backend) Flush(ctx context.Context) error {
	b.seen.mu.Lock()
	gathered := b.seen.all
	b.seen.all = map[string]store.Synced{}
	b.seen.mu.Unlock()
	if len(gathered) == 0 {
		return nil
	}
	err := b.store.Synced(ctx, slices.Collect(maps.Values(gathered)))
	if err == nil {
		return nil
	}
	b.seen.mu.Lock()
	defer b.seen.mu.Unlock()
	maps.Copy(gathered, b.seen.all) // what came meanwhile is newer
	b.seen.all = gathered
	return err
}
