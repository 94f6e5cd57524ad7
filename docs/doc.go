// Package docs holds what is written for people; fidelity.md and scenarios.md are generated.
package docs

//go:generate go run ../emulator/internal/gen/docs fidelity.md
//go:generate go run ../emulator/internal/gen/docs scenarios.md
