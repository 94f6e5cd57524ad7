package top

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Sign signs a copy of a request by the method that it names, and by hmac-sha256 when it names none that is known. The
// platform has no nonce.
func (Profile) Sign(req *wire.Request, key sandbox.Key, now time.Time, _ string) (*wire.Request, error) {
	if key.ID == "" || key.Secret == "" {
		return nil, errors.New("a signature needs an app key and its secret")
	}
	params, err := readParameters(req, gateway.Unescape)
	if err != nil {
		return nil, fmt.Errorf("read the parameters: %w", err)
	}
	method := params.values["sign_method"]
	if !slices.Contains(signMethods[:], method) {
		method = "hmac-sha256"
	}
	signed := gateway.CopyRequest(req)
	form := isForm(req)
	gateway.SetParameters(signed, form,
		gateway.Parameter{Name: "app_key", Value: key.ID},
		gateway.Parameter{Name: "timestamp", Value: now.In(china).Format(time.DateTime)},
		gateway.Parameter{Name: "sign_method", Value: method})
	if params, err = readParameters(signed, gateway.Unescape); err != nil {
		return nil, fmt.Errorf("read the parameters: %w", err)
	}
	sign := digest(method, key.Secret, params.base(params.sorted(), asSent))
	gateway.SetParameters(signed, form, gateway.Parameter{Name: "sign", Value: sign})
	return signed, nil
}

// isForm reports whether the body is a form: node-taobao-topclient's JSON in quotes is none, whatever its type says.
func isForm(req *wire.Request) bool {
	return gateway.IsForm(req.Header) && !bytes.HasPrefix(req.Body, []byte(`"`))
}
