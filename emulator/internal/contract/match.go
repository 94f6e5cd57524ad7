package contract

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/getkin/kin-openapi/routers"
)

// action is what a request names on a gateway that dispatches by name.
type action struct{ gateway, name string }

// API returns the API of that name, nil when there is none.
func (c *Catalogue) API(name string) *API {
	i := slices.IndexFunc(c.APIs, func(a *API) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return c.APIs[i]
}

// Operation returns the operation of that name, such as onsmqtt.ApplyToken, nil when there is none.
func (c *Catalogue) Operation(name string) *Operation {
	for _, api := range c.APIs {
		for _, op := range api.Operations {
			if op.Name == name {
				return op
			}
		}
	}
	return nil
}

// Operation returns the operation of that id, such as ApplyToken, nil when there is none.
func (a *API) Operation(id string) *Operation {
	i := slices.IndexFunc(a.Operations, func(op *Operation) bool { return op.ID == id })
	if i < 0 {
		return nil
	}
	return a.Operations[i]
}

// Gateway returns the gateway of that name, nil when there is none.
func (c *Catalogue) Gateway(name string) *Gateway {
	i := slices.IndexFunc(c.Gateways, func(g *Gateway) bool { return g.Name == name })
	if i < 0 {
		return nil
	}
	return c.Gateways[i]
}

// ByAction returns the operations that a gateway knows by that name, one for each version that has it.
func (c *Catalogue) ByAction(gateway, name string) []*Operation {
	return c.byAction[action{gateway, name}]
}

// Errors of ByRoute.
var (
	ErrNoRoute  = errors.New("no operation has that path")
	ErrNoMethod = errors.New("no operation at that path takes that method")
)

// ByRoute returns the operation of a gateway at that method and escaped path, with the parameters of its path. The
// error is ErrNoRoute or ErrNoMethod.
func (c *Catalogue) ByRoute(gateway, method, path string) (*Operation, map[string]string, error) {
	failure := ErrNoRoute
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, nil, failure
	}
	for _, router := range c.routers[gateway] {
		route, params, err := router.FindRoute(&http.Request{Method: method, URL: u})
		switch {
		case err == nil:
			return c.byRoute[route.Operation], unescape(params), nil
		case errors.Is(err, routers.ErrMethodNotAllowed):
			failure = ErrNoMethod
		}
	}
	return nil, nil, failure
}

// unescape decodes the parameters of a path: the router matches escaped paths and leaves the escapes in.
func unescape(params map[string]string) map[string]string {
	for name, value := range params {
		if text, err := url.PathUnescape(value); err == nil {
			params[name] = text
		}
	}
	return params
}
