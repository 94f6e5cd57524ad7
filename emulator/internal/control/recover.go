package control

import (
	"fmt"
	"runtime/debug"

	"github.com/labstack/echo/v4"
)

// recoverPanics turns a panic of a handler into an error like any other, which is logged and answered as an internal
// one.
func recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("a bug of the emulator, please report it: panic: %v\n%s", p, debug.Stack())
			}
		}()
		return next(c)
	}
}
