//go:build !race

package signing_test

// raceDetector: under it some operations allocate twice.
const raceDetector = false
