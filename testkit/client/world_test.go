package client_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokenstage/tokenstage/testkit/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is when the clocks of these tests stand still.
var start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// authorize asks for an access token of the AICC, the one operation that needs no signature. The query is ignored
// there, but stands in the journal.
func authorize(t *testing.T, em *client.Emulator, key, secret, query string) {
	t.Helper()
	body := fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, key, secret)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		em.URL()+"/apigovernance/api/oauth/tokenByAkSk"+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Token-Expire", "3600")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}

// fakeTest records what is reported to it instead of failing, and ends the goroutine as a real test does.
type fakeTest struct {
	*testing.T

	mu       sync.Mutex
	reported []string
	cleanups []func()
}

func (f *fakeTest) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *fakeTest) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reported = append(f.reported, fmt.Sprintf(format, args...))
}

func (f *fakeTest) Logf(format string, args ...any) { f.Errorf(format, args...) }

func (f *fakeTest) Failed() bool { return len(f.reports()) > 0 }

func (f *fakeTest) Cleanup(cleanup func()) { f.cleanups = append(f.cleanups, cleanup) }

func (f *fakeTest) reports() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reported
}

// play runs a test against a fakeTest, cleanups included, and returns what was reported.
func play(t *testing.T, test func(t client.T)) []string {
	t.Helper()
	fake := &fakeTest{T: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		test(fake)
	}()
	<-ended
	for i := len(fake.cleanups) - 1; i >= 0; i-- {
		fake.cleanups[i]()
	}
	return fake.reports()
}
