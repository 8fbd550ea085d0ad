package auth

import (
	"regexp"
	"strings"
)

// localPath is a path of this site with an optional query, in the letters that
// our own links need: no scheme, no host, no fragment, no escape but in the
// query, nothing that a browser or a proxy reads in two ways.
var localPath = regexp.MustCompile(`^/([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/?)?(\?[A-Za-z0-9._~=&%+,:-]*)?$`)

// LocalPath is a path from a request, if a browser can be sent there without
// leaving this site, else another.
func LocalPath(path, otherwise string) string {
	if isLocalPath(path) {
		return path
	}
	return otherwise
}

// isLocalPath reports whether a browser can be sent to s without leaving this
// site (open redirect).
func isLocalPath(s string) bool {
	if len(s) > MaxReturnTo || !localPath.MatchString(s) {
		return false
	}
	path, _, _ := strings.Cut(s, "?")
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
