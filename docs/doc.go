// Package docs holds what is written for people; fidelity.md is generated from the specs.
package docs

//go:generate go run ./gen fidelity.md
