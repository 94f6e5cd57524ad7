package top

import (
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Profile is what is known of the gateway without any spec. It implements gateway.Profile.
type Profile struct{}

// Name is "top".
func (Profile) Name() string { return Name }

// Window is 10 minutes: vendor page "public parameters", timestamp.
func (Profile) Window() time.Duration { return tolerance }

// Endpoint is the URL that SDKs take.
func (Profile) Endpoint(address string) string { return "http://" + address + path }

// PlainHTTP is in the URL, which SDKs take whole.
func (Profile) PlainHTTP() string { return "a URL that begins with http://" }

// Selector is the parameter that names the method.
func (Profile) Selector(_, action, _ string) string { return "method=" + action }

// CommonParameters are those of the vendor page "public parameters".
func (Profile) CommonParameters() []string {
	return []string{
		"method", "app_key", "session", "timestamp", "format", "v", "sign", "sign_method", "partner_id", "target_app_key",
		"simplify",
	}
}

// Scheme is how the credentials are written.
func (Profile) Scheme() sandbox.Scheme { return Scheme{} }

// Repeat judges a request by whether it is signed: there is no nonce.
func (Profile) Repeat(req *wire.Request) gateway.Repeat {
	// Of a body that was cut or masked, the text tells as well as the parameters.
	params, _ := readParameters(req, asWritten)
	if params.values["sign"] == "" && !strings.Contains(string(req.Body), `name="sign"`) {
		return gateway.Repeat{Result: gateway.RepeatSame, Why: "this call carries no signature"}
	}
	return gateway.Repeat{Why: "the signature covers a timestamp. The same bytes are good only while that is near the " +
		"sandbox's clock"}
}

// asWritten decodes nothing.
func asWritten(text string) (string, error) { return text, nil }

// Hosts are those of production, of production over HTTPS, overseas, of the sandbox and of the pre-release.
func (Profile) Hosts() []gateway.Host {
	return gateway.SingleHosts(
		"gw.api.taobao.com", "eco.taobao.com", "api.taobao.com", "gw.api.tbsandbox.com", "pre-gw.api.taobao.com",
	)
}
