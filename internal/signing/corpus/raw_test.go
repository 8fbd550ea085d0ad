package corpus_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// splice replaces one occurrence of old, the last; the length may change.
func splice(t *testing.T, file []byte, old, with string) []byte {
	t.Helper()
	i := bytes.LastIndex(file, []byte(old))
	if i < 0 {
		t.Fatalf("%q is not in the file", old)
	}
	return slices.Concat(file[:i], []byte(with), file[i+len(old):])
}

// rawUpdate appends objects with their syntax, a table that lists them, and a
// trailer with the given entries beside Root and Prev.
func rawUpdate(t *testing.T, file []byte, trailer string, objects map[int]string) []byte {
	t.Helper()
	return rawBehind(t, file, nil, trailer, objects)
}

// rawBehind is rawUpdate with more bytes between the file and its objects.
func rawBehind(t *testing.T, file, more []byte, trailer string, objects map[int]string) []byte {
	t.Helper()
	doc := open(t, file)
	out := slices.Concat(file, more)
	table := ""
	for _, num := range sortedKeys(objects) {
		table += fmt.Sprintf("%d 1\n%010d 00000 n\r\n", num, len(out))
		out = fmt.Appendf(out, "%d 0 obj\n%s\nendobj\n", num, objects[num])
	}
	return rawEnd(out, table, fmt.Sprintf("/Size %d/Root %d 0 R/Prev %d", max(doc.Len(), maxKey(objects)+1), doc.Root().Num, doc.Sections()[0])+trailer)
}

// rawEnd writes table, trailer and end.
func rawEnd(out []byte, table, trailer string) []byte {
	start := len(out)
	return fmt.Appendf(out, "xref\n%strailer\n<<%s>>\nstartxref\n%d\n%%%%EOF\n", table, trailer, start)
}

func sortedKeys(m map[int]string) []int {
	var keys []int
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func maxKey(m map[int]string) int {
	most := 0
	for k := range m {
		most = max(most, k)
	}
	return most
}
