package ccmessaging_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/api/ccmessaging"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func rating(token, evaluation string) arguments {
	return arguments{
		header: map[string]string{ccmessaging.TokenHeader: token},
		body: fmt.Sprintf(`{"channel":"WEB","userId":%q,"evaluation":%q,"comment":"","channelConfigId":%q,"npsScore":"9"}`,
			user, evaluation, channel),
	}
}

func leaving(token, user string) arguments {
	return arguments{
		header: map[string]string{ccmessaging.TokenHeader: token},
		body:   fmt.Sprintf(`{"callId":%q,"caller":"1","leaveMessage":"call me","channel":"WEB"}`, user),
	}
}

func surveying(token, body string) arguments {
	return arguments{header: map[string]string{ccmessaging.TokenHeader: token}, body: body}
}

// TestSatisfaction is kept after the end of a session; whoever never had one has nothing to evaluate.
func TestSatisfaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	_, err := w.call("saveSatisfaction", rating(token, "5"))
	if fault, finding := refusal(t, err); fault.Code != "resultCode.13" || !strings.Contains(finding, "never had a session") {
		t.Errorf("without a session: got %v: %s", fault, finding)
	}
	connect(w, token)
	result, err := w.call("saveSatisfaction", rating(token, "1"))
	if err != nil || len(result.Findings) != 1 {
		t.Errorf("in an open session: %+v, %v; want advice", result, err)
	}
	disconnect(w, token)
	result, err = w.call("saveSatisfaction", rating(token, "5"))
	if err != nil || len(result.Findings) != 0 || result.Body[2].Value != "Save satisfaction success!" {
		t.Errorf("after the end: %+v, %v", result, err)
	}
}

func TestSurveyLanguages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel) // whose locale is zh
	for body, want := range map[string]string{
		"": "很不满意", "{}": "很不满意", `{"language":"en_US"}`: "very dissatisfied", `{"language":"fr_FR"}`: "很不满意",
		`{"language":null}`: "很不满意",
	} {
		survey := w.must("getsatisfactionsurveymode", surveying(token, body))["satisfactionSurvey"].(map[string]any)
		levels := survey["satisfactionLevel"].([]any)
		first := levels[0].(map[string]any)
		if len(levels) != 5 || first["satisfactionLevelKey"] != "1" || first["satisfactionLevelDesc"] != want {
			t.Errorf("%s: got %v, want %s", body, survey, want)
		}
	}
}

func TestLeaveMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	for range 25 {
		if body := w.must("doLeaveMessage", leaving(token, user)); body["resultDesc"] != "Save leaveMessage success!" {
			t.Fatalf("got %v", body)
		}
	}
	_, err := w.call("doLeaveMessage", leaving(token, "user-2"))
	if fault, _ := refusal(t, err); fault.Kind != wire.WrongSecurityToken {
		t.Errorf("for another user: got %v", fault)
	}
	connect(w, token)
	result, err := w.call("doLeaveMessage", leaving(token, user))
	if err != nil || len(result.Findings) != 1 {
		t.Errorf("in an open session: %+v, %v; want advice", result, err)
	}
}

// TestNoSignOfLife: neither an evaluation nor a message left keeps a session open.
func TestNoSignOfLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.apply(user, channel)
	connect(w, token)
	w.advance(life / 2)
	w.must("saveSatisfaction", rating(token, "3"))
	w.must("doLeaveMessage", leaving(token, user))
	w.advance(12*life - life/2)
	result, err := w.call("send", sending(w.apply(user, channel), "CHAT", "x"))
	if err != nil || result.Outcome != "resultCode.13" {
		t.Errorf("twelve hours after the last send: %+v, %v", result, err)
	}
}
