package fsworm

import "sync"

// maxKnown bounds the memory of knownDirs; forgetting costs one fsync each.
const maxKnown = 4096

// knownDirs remembers directories whose names this process has made durable.
type knownDirs struct {
	mu   sync.Mutex
	dirs map[string]struct{}
}

func (k *knownDirs) has(dir string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.dirs[dir]
	return ok
}

func (k *knownDirs) add(dir string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dirs == nil || len(k.dirs) >= maxKnown {
		k.dirs = make(map[string]struct{})
	}
	k.dirs[dir] = struct{}{}
}
