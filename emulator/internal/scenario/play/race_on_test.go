//go:build race

package play_test

// rounds is how many rounds TestOneShotIsExact plays. The race detector makes each of them many times slower.
const rounds = 500
