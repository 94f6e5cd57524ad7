package testkit

// Explain is for tests: it needs no container engine.
var Explain = explain
