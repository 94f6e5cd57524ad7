// Package fabric is the gateway of Huawei's AICC API Fabric: JSON calls that name an app in x-app-key and carry its
// AccessToken in Authorization.
package fabric

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the gateway's name.
const Name = "fabric"

// Gateway reads fabric requests. It implements gateway.Gateway.
type Gateway struct {
	Profile

	catalogue *contract.Catalogue
	spec      *contract.Gateway
	folders   []string
	checks    []TokenCheck
	issuers   []string // the APIs behind the gateway, whose operations can issue AccessTokens
}

// TokenCheck is how an API judges a token of its own, after the AccessToken and before the parameters.
type TokenCheck struct {
	// Header carries the token; operations whose spec names it are checked.
	Header string
	// Claims are those of the token in a request; false when the sandbox issued no such token. It is judged together with
	// the AccessToken.
	Claims func(turn *sandbox.Turn, call *wire.Call) (token.Claims, bool)
	// Check returns a *wire.Fault for a token that is missing or no good.
	Check func(ctx context.Context, turn *sandbox.Turn, call *wire.Call) error
}

// New returns the gateway over the APIs of the catalogue that use it.
func New(catalogue *contract.Catalogue, checks ...TokenCheck) *Gateway {
	return &Gateway{
		catalogue: catalogue, spec: catalogue.Gateway(Name), folders: foldersOf(catalogue), checks: checks,
		issuers: issuersOf(catalogue),
	}
}

func issuersOf(catalogue *contract.Catalogue) []string {
	var issuers []string
	for _, a := range catalogue.APIs {
		if a.Gateway.Name == Name {
			issuers = append(issuers, a.Name)
		}
	}
	return issuers
}

// open returns the claims of an AccessToken that an API behind the gateway gave to that app.
func (g *Gateway) open(turn *sandbox.Turn, text, appKey string) (token.Claims, bool) {
	return turn.OpenAccess(text, appKey, g.issuers)
}

// foldersOf lists the folders below which every path is this gateway's: those of its operations, and the vendor's own
// even without a spec, so that a mistyped call is answered in the vendor's voice.
func foldersOf(catalogue *contract.Catalogue) []string {
	folders := []string{"/apigovernance/", "/apiaccess/ccmessaging/"}
	for _, a := range catalogue.APIs {
		for _, op := range a.Operations {
			fixed, _, _ := strings.Cut(op.Path, "{")
			if dir := path.Dir(fixed); a.Gateway.Name == Name && dir != "/" {
				folders = append(folders, dir+"/")
			}
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

// Table is how fabric answers each kind of fault. Kinds that its requests cannot end in have no row.
func (*Gateway) Table() gateway.Table { return table }

var table = gateway.Table{
	wire.TooLarge:             "413",
	wire.Malformed:            "400",
	wire.UnknownPath:          "404",
	wire.WrongMethod:          "405",
	wire.MissingKey:           "401",
	wire.UnknownKey:           "401",
	wire.MissingSession:       "401",
	wire.WrongSession:         "401",
	wire.MissingSecurityToken: "401",
	wire.BadSecurityToken:     "401",
	wire.ExpiredSecurityToken: "401",
	wire.WrongSecurityToken:   "401",
	wire.MissingParameter:     "400",
	wire.InvalidParameter:     "400",
	wire.Unavailable:          "500",
	wire.Internal:             "500",
}

// Claims takes every path below the gateway's folders.
func (g *Gateway) Claims(req *wire.Request) bool {
	path := gateway.RoutePath(req.Path)
	return slices.ContainsFunc(g.folders, func(folder string) bool {
		return strings.HasPrefix(path, folder) || req.Path == folder
	})
}

// Read parses the query, picks the operation by path and method, and names the app.
func (g *Gateway) Read(req *wire.Request) (gateway.Exchange, error) {
	x := newExchange(g, req)
	err := x.pick()
	x.nameApp()
	return x, err
}
