// Package journal is the bounded record of what came in, what was decided and why, what went out and how
// that was delivered. What it keeps is what was sent; what it shows is free of secrets.
package journal
