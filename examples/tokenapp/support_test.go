package tokenapp_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/examples/tokenapp"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// shop is the other side of the chats of these tests: nobody at night, else a robot that hands over to Ada.
var shop = client.Fixtures{Chat: []client.ChatLine{
	{On: "CONNECT", Channel: "night", Do: "refuse"},
	{On: "CONNECT", Say: "Welcome!"},
	{On: "CHAT", Content: "*human*", Say: "Queuing...", As: "SYSTEM"},
	{On: "CHAT", Content: "*human*", After: "5s", Say: "Here is Ada.", Do: "transfer"},
	{On: "CHAT", Content: "thanks*", After: "70m", Say: "Goodbye.", Do: "close"},
}}

// supportApp is a customer's chat, in a sandbox where waiting is moving the clock on.
func supportApp(t *testing.T, em *client.Emulator, channel string) (*client.Box, *tokenapp.Support) {
	t.Helper()
	box, chat := chatApp(t, em, client.At(start), client.Frozen(), client.Only(shop))
	chat.ChannelID = channel
	return box, &tokenapp.Support{
		Chat: chat, Customer: "alice",
		Wait: func(_ context.Context, d time.Duration) error { box.Advance(d); return nil },
	}
}

// listen expects these contents, and whether the chat is over then.
func listen(t *testing.T, app *tokenapp.Support, polls int, over bool, want ...string) []tokenapp.Answer {
	t.Helper()
	said, ended, err := app.Listen(t.Context(), polls)
	if err != nil {
		t.Fatal(err)
	}
	var contents []string
	for _, answer := range said {
		contents = append(contents, answer.Content)
	}
	if want != nil && !slices.Equal(contents, want) || ended != over {
		t.Fatalf("heard %q, over: %v; want %q, %v", contents, ended, want, over)
	}
	return said
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// supportContract is a chat from the welcome to the rating: both tokens lapse in it, and the app goes on.
func supportContract(t *testing.T, em *client.Emulator) {
	t.Helper()
	t.Run("a chat outlives its tokens", func(t *testing.T) {
		t.Parallel()
		box, app := supportApp(t, em, "202402195001")
		ctx := t.Context()
		must(t, app.Open(ctx, "", ""))
		listen(t, app, 1, false, "Welcome!")
		picture := bytes.Repeat([]byte("picture"), 100)
		must(t, app.Show(ctx, picture))
		shown := listen(t, app, 1, false)
		back, err := app.Fetch(ctx, shown[0])
		if err != nil || !bytes.Equal(back, picture) {
			t.Fatalf("%d bytes came back, %v", len(back), err)
		}
		must(t, app.Say(ctx, "a human please"))
		listen(t, app, 7, false, "Queuing...", "Here is Ada.")
		must(t, app.Say(ctx, "thanks, one moment"))
		box.Advance(69 * time.Minute)
		listen(t, app, 61, true, "Goodbye.")
		must(t, app.Rate(ctx, 5))
		said, err := app.History(ctx, 2)
		if err != nil || !slices.Equal(said, []string{"thanks, one moment", "Goodbye."}) {
			t.Errorf("the history ends with %q, %v", said, err)
		}
		box.Expect(t, "ccmessaging.poll").Outcome("401").Once()
		box.Expect(t, "ccmessaging.applyToken").Outcomes("ok")
		box.Expect(t, "ccmessaging.saveSatisfaction").Outcomes("ok")
	})
	t.Run("a message is left when nobody is there", func(t *testing.T) {
		t.Parallel()
		box, app := supportApp(t, em, "night")
		if err := app.Open(t.Context(), "13800000000", "Please call me."); !errors.Is(err, tokenapp.ErrNobodyThere) {
			t.Errorf("got %v", err)
		}
		box.Expect(t, "ccmessaging.send").Outcomes("resultCode.12")
		box.Expect(t, "ccmessaging.doLeaveMessage").Outcomes("ok")
	})
}
