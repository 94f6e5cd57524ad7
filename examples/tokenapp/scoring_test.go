package tokenapp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/examples/tokenapp"
	"github.com/tokenstage/tokenstage/testkit/client"
)

const (
	createWarrant = "aicontent.CreateAccessWarrant"
	startReading  = "speech.start"
)

// class is a sandbox in which one sentence is read well and everything else badly.
var class = client.Fixtures{Scores: []client.Score{{RefText: "How are you?", Overall: 91}, {RefText: "*", Overall: 12}}}

func teacher(t *testing.T, em *client.Emulator, options ...client.SandboxOption) (*client.Box, *tokenapp.Teacher) {
	t.Helper()
	box := em.Sandbox(t, append(options, client.At(start), client.Frozen(), client.Only(class))...)
	return box, &tokenapp.Teacher{
		Endpoint: em.Addr(), Scoring: "ws" + strings.TrimPrefix(em.URL(), "http"), AppID: "a123", Pupil: "sn123",
		AccessKeyID: box.ACS.AccessKeyID, AccessKeySecret: box.ACS.AccessKeySecret, Now: box.Now,
	}
}

func mustScore(t *testing.T, app *tokenapp.Teacher, text string, want int) {
	t.Helper()
	if got, err := app.Score(t.Context(), text, make([]byte, 640)); err != nil || got != want {
		t.Fatalf("%q has the score %d, %v; want %d", text, got, err, want)
	}
}

// scoringContract is a school day: a warrant serves for two hours, and one that ended early is replaced.
func scoringContract(t *testing.T, em *client.Emulator) {
	t.Helper()
	t.Run("a warrant serves until it ends", func(t *testing.T) {
		t.Parallel()
		box, app := teacher(t, em)
		mustScore(t, app, "How are you?", 91)
		box.Advance(119 * time.Minute)
		mustScore(t, app, "I'm fine.", 12)
		box.Advance(time.Minute)
		mustScore(t, app, "How are you?", 91)
		box.Expect(t, createWarrant).Param("userId", "sn123").Outcomes("ok", "ok")
		box.Expect(t, startReading).Outcomes("ok", "ok", "ok")
	})
	t.Run("a warrant that ended early is replaced", func(t *testing.T) {
		t.Parallel()
		box, app := teacher(t, em)
		mustScore(t, app, "How are you?", 91)
		box.Expire(box.Tokens()[0].ID)
		mustScore(t, app, "How are you?", 91)
		box.Expect(t, startReading).Outcomes("ok", "WarrantExpired", "ok")
		box.Expect(t, createWarrant).Times(2)
	})
	t.Run("any other refusal is reported", func(t *testing.T) {
		t.Parallel()
		box, app := teacher(t, em)
		mustScore(t, app, "How are you?", 91)
		app.Pupil = "sn124"
		if _, err := app.Score(t.Context(), "How are you?", nil); err == nil || !strings.Contains(err.Error(), "another user") {
			t.Errorf("got %v", err)
		}
		box.Expect(t, startReading).Outcomes("ok", "WarrantOfAnotherUser")
	})
	t.Run("a pupil without a warrant reads nothing", func(t *testing.T) {
		t.Parallel()
		box, app := teacher(t, em, client.Play("warrant-success-false"))
		if _, err := app.Score(t.Context(), "How are you?", nil); err == nil {
			t.Error("no error")
		}
		box.Expect(t, startReading).Never()
	})
}
