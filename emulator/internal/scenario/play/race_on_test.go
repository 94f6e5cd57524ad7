//go:build race

package play_test

// rounds of the test of exactness; the race detector makes each of them many times dearer.
const rounds = 500
