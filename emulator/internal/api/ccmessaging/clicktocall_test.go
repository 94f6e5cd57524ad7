package ccmessaging_test

import (
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/api/ccmessaging"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

func calling(token string) arguments {
	return arguments{
		header: map[string]string{ccmessaging.TokenHeader: token}, body: `{"channel":"WEB","mediaAbility":"1"}`,
	}
}

func TestClickToCall(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sandbox.Fixtures{Chat: []sandbox.ChatLine{
		{On: "CALL", Channel: "night", Do: "refuse"}, {On: "CALL", Say: "We call you.", As: "SYSTEM"},
	}})
	token := w.apply(user, channel)
	if body := w.must("createClickToCall", calling(token)); body["resultDesc"] != nil {
		t.Errorf("got %v", body)
	}
	w.expectTold(token) // nobody is told anything without a session
	connect(w, token)
	w.must("createClickToCall", calling(token))
	w.expectTold(token, "SYSTEM We call you.")
	_, err := w.call("createClickToCall", calling(w.apply(user, "night")))
	fault, finding := refusal(t, err)
	if fault.Code != "resultCode.13" || fault.Message != "No agents available currently" || !strings.Contains(finding, "night") {
		t.Errorf("got %v: %s", fault, finding)
	}
}
