package world

import (
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// Signing is which clients a gateway takes by the time that they sign with.
type Signing struct {
	Gateway string
	// Window is how far the time may lie from the one that counts; zero where clients sign no time.
	Window time.Duration
	// TakesClock and TakesReal are about clients that sign with the sandbox's clock, and with real time.
	TakesClock, TakesReal bool
}

// Signing is how the gateways take clients of a sandbox while its clock reads so.
func (w *World) Signing(box *sandbox.Sandbox, clock sandbox.Clock) []Signing {
	distance := clock.Now.Sub(w.RealNow()).Abs()
	all := make([]Signing, 0, len(w.options.Gateways))
	for _, gw := range w.options.Gateways {
		near := gw.Window() == 0 || distance <= gw.Window()
		all = append(all, Signing{
			Gateway: gw.Name(), Window: gw.Window(),
			TakesClock: near || box.Signing().TakesClock(), TakesReal: near || box.Signing().TakesReal(),
		})
	}
	return all
}
