package app_test

import (
	"testing"

	"github.com/tokenstage/tokenstage/testkit"
)

func TestApp(t *testing.T) {
	testkit.RequireEngine(t)
	em := testkit.Start(t)
	em.Sandbox(t).Expect(t, "onsmqtt.ApplyToken").Never()
}
