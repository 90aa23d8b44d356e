package server

import (
	"context"
	"fmt"
	"sync"

	"github.com/redx-update/redx/internal/catalog"
)

// maxCores bounds the core fragments that are kept, in bytes.
const maxCores = 48 << 20

// coreCache keeps core fragments: a thousand computers that synchronise for the first time all want the same ones. Fragments
// never change, as a revision never does.
type coreCache struct {
	mu   sync.RWMutex
	xml  map[catalog.RevisionID]string
	size int
}

// core gives the core fragments of revisions, in their order.
func (s *Server) core(ctx context.Context, ids []catalog.RevisionID) ([]string, error) {
	all := make([]string, len(ids))
	missing, at := s.cores.get(ids, all)
	if len(missing) == 0 {
		return all, nil
	}
	fetched, err := s.deps.Updates.Core(ctx, missing)
	if err != nil {
		return nil, err
	}
	if len(fetched) != len(missing) {
		return nil, fmt.Errorf("asked for %d core fragments, got %d", len(missing), len(fetched))
	}
	for i, xml := range fetched {
		all[at[i]] = xml
	}
	s.cores.put(missing, fetched)
	return all, nil
}

// get fills in what is kept, and says what is not and where it belongs.
func (c *coreCache) get(ids []catalog.RevisionID, all []string) (missing []catalog.RevisionID, at []int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i, id := range ids {
		xml, ok := c.xml[id]
		if !ok {
			missing, at = append(missing, id), append(at, i)
		}
		all[i] = xml
	}
	return missing, at
}

func (c *coreCache) put(ids []catalog.RevisionID, xml []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, id := range ids {
		if c.xml == nil || c.size > maxCores {
			c.xml, c.size = map[catalog.RevisionID]string{}, 0
		}
		if _, ok := c.xml[id]; !ok {
			c.xml[id] = xml[i]
			c.size += len(xml[i])
		}
	}
}
