package app_test

import (
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

func TestApp(t *testing.T) {
	em := inprocess.Start(t)
	box := em.Sandbox(t, client.Frozen())
	if box.ACS.AccessKeyID == "" || em.Addr() == "" {
		t.Fatal("nothing to point an app at")
	}
	box.Expect(t, "onsmqtt.ApplyToken").Never()
}
