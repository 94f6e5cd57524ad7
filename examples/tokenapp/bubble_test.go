package tokenapp_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenstage/tokenstage/examples/tokenapp"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// TestAccessTokenLapses waits an hour and more for the access token to lapse, which takes no time: the app and the
// emulator live in a bubble of testing/synctest, whose clock jumps ahead where everything in it waits.
func TestAccessTokenLapses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		em := inprocess.Start(t, inprocess.WithMemoryNetwork())
		box := em.Sandbox(t)
		app := &tokenapp.Chat{
			BaseURL: em.URL(), AppKey: box.Fabric.AppKey, AppSecret: box.Fabric.AppSecret, ChannelID: "channel-1",
			HTTP: em.HTTPClient(t),
		}
		for range 2 {
			if _, err := app.CustomerToken(t.Context(), "user-1", "Wang"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(61 * time.Minute) // in the bubble
		}
		box.Expect(t, "ccmessaging.applyToken").Outcomes("ok", "401", "ok")
		box.Expect(t, "ccmessaging.tokenByAkSk").Outcomes("ok", "ok")
	})
}
