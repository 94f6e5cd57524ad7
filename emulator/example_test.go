package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/tokenstage/tokenstage/emulator"
)

// accessToken asks for an access token of the AICC with the credentials of the default sandbox.
func accessToken(baseURL string) (status int, err error) {
	const body = `{"app_key":"11111111-2222-4333-8444-555555555555","app_secret":"fake-default-fabric-app-secret"}`
	const path = "/apigovernance/api/oauth/tokenByAkSk"
	reply, err := http.Post(baseURL+path, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	return reply.StatusCode, reply.Body.Close()
}

// A program starts an emulator on free ports, uses it and closes it. Tests have it simpler with testkit/inprocess.
func Example() {
	ctx := context.Background()
	em, err := emulator.New(ctx, emulator.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := em.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(accessToken("http://" + em.Addr()))
	fmt.Println(em.Close(ctx))
	// Output:
	// 200 <nil>
	// <nil>
}

// The data plane is an http.Handler too: any server can carry it, without Start.
func ExampleEmulator_Handler() {
	em, err := emulator.New(context.Background(), emulator.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(em.Handler())
	defer server.Close()
	defer em.Stop()
	fmt.Println(accessToken(server.URL))
	// Output: 200 <nil>
}

// An address that is taken is told by the name of its option.
func ExampleListenError() {
	ctx := context.Background()
	taken, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer taken.Close()
	em, err := emulator.New(ctx, emulator.Options{ControlAddr: taken.Addr().String()})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = em.Start(ctx)
	if refused, ok := errors.AsType[*emulator.ListenError](err); ok {
		fmt.Println("cannot listen:", refused.Option)
	}
	// Output: cannot listen: ControlAddr
}
