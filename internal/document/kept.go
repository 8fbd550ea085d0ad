package document

import "sync"

// keptActs bounds how many acts' working copies wait in memory.
const keptActs = 64

// stagedCache keeps the working copy of an act from the step that stored it to
// the next one in the same process. It is a cache and nothing more: a copy
// counts for the act's epoch only, and without it the next step reads the
// register, or typesets again to the same bytes.
type stagedCache struct {
	mu     sync.Mutex
	copies map[string]keptStaged // by act id
}

type keptStaged struct {
	epoch  int64
	staged Staged
}

// keep remembers the working copy of a as it is now, at the cost of another
// act's if there are too many.
func (c *stagedCache) keep(a Act, staged Staged) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.copies == nil {
		c.copies = make(map[string]keptStaged, keptActs)
	}
	for id := range c.copies {
		if len(c.copies) < keptActs {
			break
		}
		delete(c.copies, id)
	}
	c.copies[a.ID] = keptStaged{a.Epoch, staged}
}

// take returns the working copy of a, once, if it is still the act's.
func (c *stagedCache) take(a Act) (Staged, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, ok := c.copies[a.ID]
	delete(c.copies, a.ID)
	return kept.staged, ok && kept.epoch == a.Epoch
}
