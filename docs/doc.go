// Package docs holds what is written for people; fidelity.md and scenarios.md are generated.
package docs

//go:generate go run ./gen fidelity.md
//go:generate go run ./gen scenarios.md
