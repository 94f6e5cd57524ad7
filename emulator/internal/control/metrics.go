package control

import (
	"bytes"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
)

// metricsContent is the text format of Prometheus.
const metricsContent = "text/plain; version=0.0.4; charset=utf-8"

// showMetrics answers with what write writes, whole or not at all.
func showMetrics(write func(io.Writer) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		if write == nil {
			return problem(http.StatusNotFound, "this emulator counts nothing: tokenstage serve does")
		}
		var text bytes.Buffer
		if err := write(&text); err != nil {
			return err
		}
		return c.Blob(http.StatusOK, metricsContent, text.Bytes())
	}
}
