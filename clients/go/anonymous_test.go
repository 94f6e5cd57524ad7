package clients_test

import (
	"net/http"
	"testing"
	"time"
)

// anonymousOperation is one that the vendor's product clients for 2021-02-20 and 2021-09-03 send without a key.
func anonymousOperation(version, action string, form map[string]string) operation {
	return operation{
		product: "appstream-center", version: version, action: action,
		method: http.MethodPost, path: "/", form: form, anonymous: true,
	}
}

func redeem(code string) operation {
	return anonymousOperation("2021-02-20", "GetStsToken", map[string]string{
		"AuthCode": code, "ClientId": "eac19bef-1e45-4190-a03a-4ea74b690001", "ClientOS": "linux",
	})
}

// code asks for an authorization code with a key.
func (c client) code(t *testing.T, key acsKey) string {
	t.Helper()
	var got struct {
		AuthModel struct{ AuthCode string }
	}
	op := getAuthCode()
	delete(op.form, "Policy")
	mustRead(t, c.caller(key)(t, op).body, &got)
	return got.AuthModel.AuthCode
}

// TestCallsWithoutAKey runs from the code, which a server asks for with each kind of credential, to the ticket, which a
// client gets without one; a configuration with keys sends these calls without them too.
func TestCallsWithoutAKey(t *testing.T) {
	for _, client := range darabonbaClients() {
		for name, configured := range map[string]bool{"no key": false, "key in the configuration": true} {
			t.Run(client.name+"/"+name, func(t *testing.T) {
				b := newBox(t)
				for _, issuer := range b.Credentials.ACS {
					var key acsKey
					if configured {
						key = b.Credentials.ACS[plainKey]
					}
					client.opens(t, b, key, client.code(t, issuer))
				}
				for _, e := range b.journal(t) {
					if e.Outcome != "ok" {
						t.Errorf("the journal has %+v", e)
					}
				}
			})
		}
	}
}

// opens trades a code in and waits for the ticket of an application.
func (c client) opens(t *testing.T, b *box, key acsKey, code string) {
	t.Helper()
	var login struct {
		StsTokenModel struct {
			SessionID, StsToken string
			TenantID            int64
		}
	}
	call := c.caller(key)
	mustRead(t, call(t, redeem(code)).body, &login)
	form := map[string]string{
		"ProductType": "CloudApp", "AppId": "ca-etn4zizgaezo9gis9",
		"LoginToken": login.StsTokenModel.StsToken, "SessionId": login.StsTokenModel.SessionID,
	}
	var task struct{ TaskID, TaskStatus, Ticket string }
	mustRead(t, call(t, anonymousOperation("2021-09-03", "GetConnectionTicket", form)).body, &task)
	if task.TaskStatus != "Running" || task.TaskID == "" || task.Ticket != "" {
		t.Errorf("the first call answers %+v", task)
	}
	form["TaskId"] = task.TaskID
	b.advance(t, 5*time.Minute)
	mustRead(t, call(t, anonymousOperation("2021-09-03", "GetConnectionTicket", form)).body, &task)
	if task.TaskStatus != "Finished" || task.Ticket == "" || login.StsTokenModel.TenantID == 0 {
		t.Errorf("five minutes later: %+v of %+v", task, login)
	}
}

// TestRefusedCodes: the SDK shows why a code is not good as its own error.
func TestRefusedCodes(t *testing.T) {
	for _, client := range darabonbaClients() {
		for name, c := range map[string]struct {
			spoil func(t *testing.T, b *box, code string) string
			want  refusal
		}{
			"used": {func(t *testing.T, _ *box, code string) string {
				client.caller(acsKey{})(t, redeem(code))
				return code
			}, refusal{Code: "InvalidAuthCode.Used", Status: 400}},
			"expired": {func(t *testing.T, b *box, code string) string {
				b.advance(t, 3*time.Minute)
				return code
			}, refusal{Code: "InvalidAuthCode.Expired", Status: 400}},
			"superseded": {func(t *testing.T, b *box, code string) string {
				client.code(t, b.Credentials.ACS[plainKey])
				return code
			}, refusal{Code: "InvalidAuthCode.Superseded", Status: 400}},
			"changed": {func(_ *testing.T, _ *box, code string) string {
				return code[1:]
			}, refusal{Code: "InvalidAuthCode.NotFound", Status: 404}},
		} {
			t.Run(client.name+"/"+name, func(t *testing.T) {
				b := newBox(t)
				code := c.spoil(t, b, client.code(t, b.Credentials.ACS[plainKey]))
				_, err := client.call(acsKey{}, redeem(code))
				got := client.refusal(t, err)
				if got.Code != c.want.Code || got.Status != c.want.Status {
					t.Errorf("refused with %+v, want %+v", got, c.want)
				}
			})
		}
		t.Run(client.name+"/an operation that needs a key", func(t *testing.T) {
			op := getAuthCode()
			op.anonymous = true
			_, err := client.call(acsKey{}, op)
			if got := client.refusal(t, err); got.Code != "MissingAccessKeyId" {
				t.Errorf("refused with %+v", got)
			}
		})
	}
}
