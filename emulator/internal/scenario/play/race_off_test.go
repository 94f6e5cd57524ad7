//go:build !race

package play_test

// rounds is how many rounds TestOneShotIsExact plays.
const rounds = 10_000
