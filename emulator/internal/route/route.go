// Package route reads what Echo's routes find in the path of a request.
package route

import (
	"net/url"

	"github.com/labstack/echo/v4"
)

// Param is a part of the path that a route names. Echo matches a path that cannot be told from its plain form, such
// as one with %2F, as it was sent; its parts are then still escaped.
func Param(c echo.Context, name string) string {
	value := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return value
	}
	plain, _ := url.PathUnescape(value) // net/http lets no bad escape through
	return plain
}
