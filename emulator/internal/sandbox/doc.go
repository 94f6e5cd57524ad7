// Package sandbox is one isolated world: its credentials, clock, seed and tokens. A Registry finds the sandbox of a
// credential; a Turn is one call's place in it.
package sandbox
