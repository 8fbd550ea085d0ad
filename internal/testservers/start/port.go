package start

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Ports of test servers lie below those that Linux gives to outgoing
// connections (32768 and up), which come and go by the thousand in a test run.
const lowestPort, highestPort = 15000, 32000

var errNoPort = errors.New("no free port")

// freePort returns an even port of 127.0.0.1 that nobody listens on, and keeps
// other processes of this package from choosing the same one while this one
// lives. The odd port above it goes with it, for servers that need two.
func freePort() (int, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("docsvc-ports-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	for range 100 {
		port := lowestPort + 2*rand.IntN((highestPort-lowestPort)/2)
		if reserved(filepath.Join(dir, strconv.Itoa(port))) && unused(port) {
			return port, nil
		}
	}
	return 0, errNoPort
}

// reserved locks the port's file. The lock ends with this process: the file
// stays open on purpose.
func reserved(path string) bool {
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return false
	}
	if syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		_ = syscall.Close(fd) // nothing was written
		return false
	}
	return true
}

func unused(port int) bool {
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", loopback(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// onPort calls start with the port wanted, or with free ones until it has one
// that nobody takes in between.
func onPort[S any](wanted int, start func(port int) (S, error)) (S, error) {
	if wanted != 0 {
		return start(wanted)
	}
	var none S
	for attempt := 1; ; attempt++ {
		port, err := freePort()
		if err != nil {
			return none, err
		}
		s, err := start(port)
		if err == nil {
			return s, nil
		}
		taken := errors.Is(err, errTaken) || errors.Is(err, errEnded) && !unused(port)
		if !taken || attempt == 5 {
			return none, err
		}
	}
}
