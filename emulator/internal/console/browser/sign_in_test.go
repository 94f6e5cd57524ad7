package browser_test

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// A control plane that other machines reach asks for its token.
func TestSignInByTheAddress(t *testing.T) {
	t.Parallel()
	s := serve(t, "--control-addr", "0.0.0.0:0")
	if s.token == "" {
		t.Fatal("the server printed no token")
	}
	b := s.open(t, "/?token="+s.token)
	b.see(at("[data-live-state]", "Live"))
	b.wait(`location.pathname === "/console/calls" && !location.href.includes("token=")`)
	b.wait(`!document.cookie`) // no script can read it
	b.cookiesAreSafe(t, s.token)
	s.defaultApp(t).gets("ok")
	b.see(at(row, "onsmqtt.ApplyToken"))
	b.submit(at("nav a", "Tokens"))
	b.see(at(token, "active"))

	other := s.open(t, "/console/tokens?sandbox=default&token="+s.token)
	other.see(at(token, "active"))
	other.wait(`location.pathname + location.search === "/console/tokens?sandbox=default"`)
}

func TestSignInByTheForm(t *testing.T) {
	t.Parallel()
	s := serve(t, "--control-addr", "0.0.0.0:0")
	b := s.open(t, "/console/tokens?sandbox=default")
	b.expect("Failed to load resource: the server responded with a status of 401")
	b.keep("sign in")
	b.orderly(t)
	b.accessible(t)
	b.write(at("input[name=token]", ""), "not the token")
	b.submit(at("button", "Open"))
	b.see(at("[role=alert]", "not the token"))
	b.write(at("input[name=token]", ""), s.token)
	b.submit(at("button", "Open"))
	b.see(at("h1", "Tokens of default"))
	b.wait(`location.pathname + location.search === "/console/tokens?sandbox=default"`)
}

// cookiesAreSafe checks what the browser keeps: not the token, and nothing that another site or a script gets.
func (b *tab) cookiesAreSafe(t *testing.T, token string) {
	t.Helper()
	kept, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{"http://" + b.server.control + "/console/"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(kept.Cookies) == 0 {
		t.Error("there is no cookie")
	}
	for _, c := range kept.Cookies {
		if c.Value == token || !c.HTTPOnly || c.SameSite != network.CookieSameSiteStrict || c.Path != "/console/" {
			t.Errorf("cookie %+v", c)
		}
	}
}
