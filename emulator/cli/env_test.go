package cli_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
)

func TestEnvOfTheDefaultSandbox(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	host, _ := strings.CutPrefix(s.data, "http://")
	want := []string{
		"TOKENSTAGE_DATA=" + host,
		"TOKENSTAGE_CONTROL=" + s.control,
		"TOKENSTAGE_SANDBOX=default",
		"TOP_URL=" + s.data + "/router/rest",
		"AICC_URL=" + s.data,
		"ALIBABA_CLOUD_ACCESS_KEY_ID=LTAIfakeDefault",
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET=fake-default-access-key-secret",
		"TOP_APP_KEY=10000001",
		"TOP_APP_SECRET=fake-default-top-app-secret",
		"AICC_APP_KEY=11111111-2222-4333-8444-555555555555",
		"AICC_APP_SECRET=fake-default-fabric-app-secret",
	}
	if got := s.run(t, "env", "--format", "dotenv"); got != (result{0, strings.Join(want, "\n") + "\n", ""}) {
		t.Errorf("dotenv: %+v", got)
	}
	exports := "export " + strings.Join(want, "\nexport ") + "\n"
	// A security token from somewhere else must not go along with these keys.
	exports = strings.Replace(exports, "export TOP_APP_KEY", "unset ALIBABA_CLOUD_SECURITY_TOKEN\nexport TOP_APP_KEY", 1)
	if got := s.run(t, "env"); got != (result{0, exports, ""}) {
		t.Errorf("shell: %+v\nwant:\n%s", got, exports)
	}
}

// oddSecret has what shells and .env readers trip over.
const oddSecret = "it's \"$HOME\" `id` \\n #x\n!y\té&&exit 1"

func oddBox(t *testing.T, s *server) client.Sandbox {
	t.Helper()
	box, err := client.New(s.control).CreateSandbox(t.Context(), client.Definition{
		ID: "odd",
		Credentials: client.Credentials{
			ACS: []client.ACSCredential{
				{AccessKeyID: "off", AccessKeySecret: "disabled", Disabled: true},
				{BearerToken: "bearer"},
				{AccessKeyID: "key id", AccessKeySecret: oddSecret, SecurityToken: "sts'token"},
			},
			Top:    []client.App{},
			Fabric: []client.App{{AppKey: "app#key", AppSecret: "plain-secret"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func TestEnvIsQuotedForShells(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh on this machine")
	}
	s := serve(t, nil)
	oddBox(t, s)
	got := s.run(t, "env", "--sandbox", "odd")
	if got.code != 0 {
		t.Fatalf("got %+v", got)
	}
	const show = `printf '%s|' "$ALIBABA_CLOUD_ACCESS_KEY_ID" "$ALIBABA_CLOUD_ACCESS_KEY_SECRET" ` +
		`"$ALIBABA_CLOUD_SECURITY_TOKEN" "$TOP_APP_KEY" "$AICC_APP_KEY" "$AICC_APP_SECRET"`
	out, err := exec.CommandContext(t.Context(), shell, "-c", got.out+show).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{"key id", oddSecret, "sts'token", "", "app#key", "plain-secret", ""}, "|")
	if string(out) != want {
		t.Errorf("the shell has\n%q, want\n%q", out, want)
	}
}

func TestEnvIsQuotedForDotenv(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	oddBox(t, s)
	got := s.run(t, "env", "--sandbox", "odd", "--format", "dotenv")
	for _, want := range []string{
		"\nALIBABA_CLOUD_ACCESS_KEY_ID='key id'\n",
		"\nALIBABA_CLOUD_ACCESS_KEY_SECRET=\"it's \\\"\\$HOME\\\" \\`id\\` \\\\n #x\n!y\té&&exit 1\"\n",
		"\nALIBABA_CLOUD_SECURITY_TOKEN=\"sts'token\"\n",
		"\nAICC_APP_KEY='app#key'\n",
		"\nAICC_APP_SECRET=plain-secret\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("does not have %q in:\n%s", want, got.out)
		}
	}
	if strings.Contains(got.out, "TOP_APP_KEY") {
		t.Errorf("has an app that is not there:\n%s", got.out)
	}
}

// TestDotenvIsSourced has a shell source the file with values that would run commands, break lines or lose letters.
func TestDotenvIsSourced(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh on this machine")
	}
	folder := t.TempDir()
	touch := "touch " + filepath.Join(folder, "ran")
	s := serve(t, nil)
	for i, secret := range []string{
		oddSecret, "it's `" + touch + "`", "it's $(" + touch + ")", "`" + touch + "`", "$(" + touch + ")",
		"'; " + touch + "; '", "\"; " + touch + "; \"", "it's \"; " + touch + " #", "a\n" + touch + "\n", "it's\n" + touch,
		`it's \`, `\\\\`, `it's \\"`, "it's ${HOME} $$ $1", "x & " + touch, "~/ab", "/etc/*", "it's *", "a=b=c", " spaces ", "\ttab'",
		"line\r\nend", "it's a line\r\nend", "''''", `""""`, "令牌's `" + touch + "`",
	} {
		id := "hostile-" + strconv.Itoa(i)
		_, err := client.New(s.control).CreateSandbox(t.Context(), client.Definition{ID: id, Credentials: client.Credentials{
			ACS: []client.ACSCredential{{AccessKeyID: "key-" + id, AccessKeySecret: secret}},
			Top: []client.App{}, Fabric: []client.App{},
		}})
		if err != nil {
			t.Fatalf("%q: %v", secret, err)
		}
		got := s.run(t, "env", "--sandbox", id, "--format", "dotenv")
		file := filepath.Join(folder, id)
		if err := os.WriteFile(file, []byte(got.out), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), shell, "-c",
			`. "$0"; printf '%s|' "$ALIBABA_CLOUD_ACCESS_KEY_SECRET" "$ALIBABA_CLOUD_ACCESS_KEY_ID"`, file).CombinedOutput()
		if want := secret + "|key-" + id + "|"; err != nil || string(out) != want {
			t.Errorf("the shell has %q (%v), want %q, from\n%s", out, err, want, got.out)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "ran")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the shell ran what a value says: %v", err)
	}
}

func TestEnvHandsOnTheControlToken(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, "--control-token", givenToken)
	got := s.run(t, "env", "--control-token", givenToken)
	if got.code != 0 || !strings.Contains(got.out, "export TOKENSTAGE_CONTROL_TOKEN="+givenToken+"\n") {
		t.Errorf("got %+v", got)
	}
}

func TestEnvOfAnUnknownSandbox(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	want := "tokenstage: no such sandbox: \"nobody\"; see: tokenstage sandbox list\n"
	if got := s.run(t, "env", "--sandbox", "nobody"); got != (result{1, "", want}) {
		t.Errorf("got %+v", got)
	}
}
