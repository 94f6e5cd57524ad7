//go:build race

package scenario_test

// rounds of the test of exactness; the race detector makes each of them many times dearer.
const rounds = 500
