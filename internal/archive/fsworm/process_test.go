package fsworm_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"docsvc/internal/archive"
	"docsvc/internal/archive/fsworm"
)

// The test binary is also the other processes of these tests: with childMode
// set it works on the archive in childDir.
const (
	childMode = "FSWORM_TEST_MODE"
	childDir  = "FSWORM_TEST_DIR"
	childText = "FSWORM_TEST_TEXT"
)

func TestMain(m *testing.M) {
	switch mode := os.Getenv(childMode); mode {
	case "":
		os.Exit(m.Run())
	case "race":
		exit(raceChild(os.Getenv(childDir), os.Getenv(childText)))
	case "putter":
		exit(putterChild(os.Getenv(childDir)))
	case "limited":
		exit(limitedChild(os.Getenv(childDir)))
	default:
		exit(fmt.Errorf("unknown mode %q", mode))
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(t *testing.T, mode, dir, text string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(os.Environ(), childMode+"="+mode, childDir+"="+dir, childText+"="+text)
	return c
}

var options = archive.PutOptions{RetainUntil: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)}

const raceKeys = 60

// raceChild puts its own text under shared keys and prints what came of each.
func raceChild(dir, text string) error {
	s, err := fsworm.Open(dir, time.Now)
	if err != nil {
		return err
	}
	for i := range raceKeys {
		key := fmt.Sprintf("race/%d/x.txt", i)
		o, err := s.Put(context.Background(), key, []byte(text), options)
		switch {
		case errors.Is(err, archive.ErrConflict):
			fmt.Println("conflict", key)
		case err != nil:
			return err
		case o.Existed:
			fmt.Println("existed", key)
		default:
			fmt.Println("created", key)
		}
	}
	return s.Close()
}

func TestProcessesRaceForOneKey(t *testing.T) {
	dir := create(t)
	const processes = 4 // two texts, each twice
	var wg sync.WaitGroup
	var mu sync.Mutex
	count := map[string]int{}
	for p := range processes {
		c := child(t, "race", dir, fmt.Sprintf("text %d", p%2))
		wg.Go(func() {
			out, err := c.CombinedOutput()
			if err != nil {
				t.Errorf("process: %v\n%s", err, out)
			}
			mu.Lock()
			defer mu.Unlock()
			for line := range strings.Lines(string(out)) {
				count[strings.Fields(line)[0]]++
			}
		})
	}
	wg.Wait()
	if count["created"] != raceKeys || count["existed"] != raceKeys || count["conflict"] != 2*raceKeys {
		t.Errorf("outcomes %v, want %d created, as many existed and twice as many conflicts", count, raceKeys)
	}
	s := open(t, dir)
	for i := range raceKeys {
		data, _, err := s.Get(t.Context(), fmt.Sprintf("race/%d/x.txt", i))
		if err != nil || !strings.HasPrefix(string(data), "text ") {
			t.Errorf("key %d holds %q, %v", i, data, err)
		}
	}
}

// contentOf is what putterChild puts under key.
func contentOf(key string) []byte { return bytes.Repeat([]byte(key+"\n"), 3000) }

// putterChild puts objects until it is killed and prints the key of each when
// it has been told that it is durable.
func putterChild(dir string) error {
	s, err := fsworm.Open(dir, time.Now)
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for {
				key := fmt.Sprintf("k/%d/x.txt", rand.Int64())
				if _, err := s.Put(context.Background(), key, contentOf(key), options); err != nil {
					exit(err)
				}
				fmt.Println(key)
			}
		})
	}
	group.Wait()
	return nil
}

func TestKilledAtAnyMoment(t *testing.T) {
	dir := create(t)
	acknowledged := map[string]bool{}
	for range 12 {
		c := child(t, "putter", dir, "")
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		timer := time.AfterFunc(time.Duration(20+rand.IntN(80))*time.Millisecond, func() { _ = c.Process.Kill() })
		for {
			line, err := lines.ReadString('\n')
			if err != nil { // killed; a part of a line is no acknowledgement
				break
			}
			acknowledged[strings.TrimSpace(line)] = true
		}
		timer.Stop()
		if err := c.Wait(); err == nil {
			t.Fatal("the process ended by itself")
		}
	}
	s := open(t, dir)
	if left, err := os.ReadDir(dir + "/tmp"); err != nil || len(left) != 0 {
		t.Errorf("%d leftovers after Open, %v", len(left), err)
	}
	found := 0
	for o, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		data, _, err := s.Get(t.Context(), o.Key)
		if err != nil || !bytes.Equal(data, contentOf(o.Key)) {
			t.Errorf("%s holds %d bytes, %v", o.Key, len(data), err)
		}
		found++
		delete(acknowledged, o.Key)
	}
	if len(acknowledged) > 0 || found == 0 {
		t.Errorf("%d acknowledged objects are missing, %d found", len(acknowledged), found)
	}
}

// limitedChild may not write files above 100,000 bytes: for a store that is a
// disk which takes the first part of a file and no more.
func limitedChild(dir string) error {
	signal.Ignore(unix.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 100_000, Max: 100_000}); err != nil {
		return err
	}
	s, err := fsworm.Open(dir, time.Now)
	if err != nil {
		return err
	}
	if _, err := s.Put(context.Background(), "a/large.bin", make([]byte, 200_000), options); !errors.Is(err, archive.ErrUnavailable) || !errors.Is(err, unix.EFBIG) {
		return errors.Join(errors.New("put of too much"), err)
	}
	if _, err := s.Stat(context.Background(), "a/large.bin"); !errors.Is(err, archive.ErrNotFound) {
		return errors.Join(errors.New("stat of what was not put"), err)
	}
	if left, err := os.ReadDir(dir + "/tmp"); err != nil || len(left) != 0 {
		return errors.Join(fmt.Errorf("%d leftovers", len(left)), err)
	}
	if _, err := s.Put(context.Background(), "a/small.bin", make([]byte, 50_000), options); err != nil {
		return fmt.Errorf("put after a failed one: %w", err)
	}
	return s.Close()
}

func TestDiskTakesOnlyPart(t *testing.T) {
	dir := create(t)
	if out, err := child(t, "limited", dir, "").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// With room again the same put succeeds.
	if _, err := open(t, dir).Put(t.Context(), "a/large.bin", make([]byte, 200_000), options); err != nil {
		t.Error(err)
	}
}

func TestLeftoversOfOthersStay(t *testing.T) {
	dir := create(t)
	leftover := dir + "/tmp/1-1"
	first := mustOpen(t, dir)
	if err := os.WriteFile(leftover, []byte("half"), 0o444); err != nil {
		t.Fatal(err)
	}
	second := mustOpen(t, dir) // first may be writing it
	if _, err := os.Stat(leftover); err != nil {
		t.Errorf("another process's file was removed: %v", err)
	}
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if _, err := os.Stat(leftover); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the leftover of a crash is still there: %v", err)
	}
}
