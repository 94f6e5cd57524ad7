//go:build !race

package scenario_test

// rounds of the test of exactness.
const rounds = 10_000
