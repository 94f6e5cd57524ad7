package control

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// showMetrics answers with what metrics serves, if there is such a handler.
func showMetrics(metrics http.Handler) echo.HandlerFunc {
	if metrics == nil {
		return func(echo.Context) error {
			return problem(http.StatusNotFound, "this emulator counts nothing: tokenstage serve does")
		}
	}
	return echo.WrapHandler(metrics)
}
