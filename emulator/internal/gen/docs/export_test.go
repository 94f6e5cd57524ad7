package main

// What the tests of this program look at.
var (
	Fidelity = fidelity
	Run      = run
)
