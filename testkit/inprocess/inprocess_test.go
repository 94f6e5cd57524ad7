package inprocess_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tokenPath = "/apigovernance/api/oauth/tokenByAkSk"

// accessToken asks for an access token of the AICC, the one call that needs no signature.
func accessToken(t *testing.T, em *client.Emulator, app client.App) int {
	t.Helper()
	body := fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, app.AppKey, app.AppSecret)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, em.URL()+tokenPath, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestStartIsReadyWhenItReturns(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	if err := em.Control().Health(t.Context()); err != nil {
		t.Fatal(err)
	}
	box := em.Sandbox(t)
	if status := accessToken(t, em, box.Fabric); status != http.StatusOK {
		t.Fatalf("the first call got %d", status)
	}
	box.Expect(t, "ccmessaging.tokenByAkSk").Outcomes("ok")
}

func TestStartManyInParallel(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			em := inprocess.Start(t)
			box := em.Sandbox(t, client.ID("same-id-in-each"))
			if status := accessToken(t, em, box.Fabric); status != http.StatusOK {
				t.Fatalf("got %d", status)
			}
			box.Expect(t, "*").Times(1)
		})
	}
}

// A call that a test leaves in flight does not hold up the test's end.
func TestCallsLeftInFlightAreCutOff(t *testing.T) {
	body, unfinished := io.Pipe()
	ended := make(chan struct{})
	t.Run("test that leaves a call behind", func(t *testing.T) {
		em := inprocess.Start(t)
		request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, em.URL()+tokenPath, body)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			response, err := http.DefaultClient.Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
			close(ended)
		}()
		if _, err := io.WriteString(unfinished, "{"); err != nil { // returns once the call is on its way
			t.Fatal(err)
		}
	})
	_ = unfinished.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the call outlived the emulator")
	}
}

// A start takes 10 ms or less; the emulators live until the benchmark ends.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		inprocess.Start(b)
	}
}

// Whoever debugs a test can look into the emulator with a browser.
func TestConsole(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := em.Sandbox(t)
	accessToken(t, em, box.Fabric)
	for _, path := range []string{"/", "/console/calls?sandbox=" + box.ID} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, em.Control().URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(page), "ccmessaging.tokenByAkSk") {
			t.Errorf("%s: status %d, %v: %s", path, response.StatusCode, err, page)
		}
	}
}
