// Package wire is the vocabulary that every other package speaks: what came in (Request), what it was
// understood to be (Call), what goes out (Reply), and how a call can fail (Fault).
package wire
