//go:build !race

package play_test

// rounds of the test of exactness.
const rounds = 10_000
