package deploycheck

import (
	"io/fs"
	"strconv"
	"strings"
	"syscall"
)

// readable says whether "UID:GID" may read a file.
func readable(info fs.FileInfo, user string) bool {
	uid, gid, _ := strings.Cut(user, ":")
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	mode := info.Mode().Perm()
	switch {
	case strconv.FormatUint(uint64(stat.Uid), 10) == uid:
		return mode&0o400 != 0
	case strconv.FormatUint(uint64(stat.Gid), 10) == gid:
		return mode&0o040 != 0
	}
	return mode&0o004 != 0
}
