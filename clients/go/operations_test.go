package clients_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// operation is one call of an API behind the gateway acs, as the vendor's own product clients describe it to their
// generic core: parameters of the query, of the form, or a JSON body.
type operation struct {
	product, version, action string
	method, path             string
	query, form              map[string]string
	body                     map[string]any
	// anonymous says that the product client sends it without a key.
	anonymous bool
}

// style is the vendor's name for the two ways to address an operation.
func (op operation) style() string {
	if op.path == "/" {
		return "RPC"
	}
	return "ROA"
}

const instance = "post-cn-0pp12gl0001"

func onsmqttOperation(action string, query map[string]string) operation {
	query["InstanceId"] = instance
	return operation{
		product: "OnsMqtt", version: "2020-04-20", action: action,
		method: http.MethodPost, path: "/", query: query,
	}
}

func applyToken() operation {
	return onsmqttOperation("ApplyToken", map[string]string{
		"Actions": "R,W", "Resources": "TopicA/+,TopicB/#",
		"ExpireTime": strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10),
	})
}

func queryToken(token string) operation {
	return onsmqttOperation("QueryToken", map[string]string{"Token": token})
}

func revokeToken(token string) operation {
	return onsmqttOperation("RevokeToken", map[string]string{"Token": token})
}

func getAuthCode() operation {
	return operation{
		product: "appstream-center", version: "2021-02-18", action: "GetAuthCode",
		method: http.MethodPost, path: "/", form: map[string]string{
			"EndUserId": "alice", "AutoCreateUser": "false",
			"Policy": `{"Version":"1","Resource":{"Type":"AppInstanceGroup","Id":"aig-9ciijz60n4xsv"}}`,
		},
	}
}

func createAccessWarrant() operation {
	return operation{
		product: "AiContent", version: "20240611", action: "CreateAccessWarrant",
		method: http.MethodPost, path: "/api/v1/aliyunConsole/createAccessWarrant", body: map[string]any{
			"appId": "a123", "userId": "sn123", "userClientIp": "110.25.23.12",
			"timestamp":   strconv.FormatInt(time.Now().Unix(), 10),
			"requestSign": "e32fac43df0b0b0be32fac43df0b0b0b", "warrantAvailable": 7200,
		},
	}
}

// caller sends operations with one SDK and one credential and fails the test on any error.
type caller func(t *testing.T, op operation) answer

// tokenLife applies for a token, asks about it, revokes it and asks again.
func tokenLife(t *testing.T, call caller) {
	var applied struct{ Token string }
	mustRead(t, call(t, applyToken()).body, &applied)
	if applied.Token == "" {
		t.Fatal("ApplyToken gave no token")
	}
	for _, valid := range []bool{true, false} {
		var status struct{ TokenStatus *bool }
		mustRead(t, call(t, queryToken(applied.Token)).body, &status)
		if status.TokenStatus == nil || *status.TokenStatus != valid {
			t.Errorf("TokenStatus is %v, want %v", status.TokenStatus, valid)
		}
		if valid {
			call(t, revokeToken(applied.Token))
		}
	}
}

// authCode asks for a code, which lives three minutes (vendor page GetAuthCode, Response elements).
func authCode(t *testing.T, call caller) {
	var got struct {
		AuthModel struct {
			AuthCode, EndUserId string
			ExpireTime          time.Time
		}
	}
	mustRead(t, call(t, getAuthCode()).body, &got)
	if got.AuthModel.AuthCode == "" || got.AuthModel.EndUserId != "alice" {
		t.Errorf("AuthModel is %+v, want a code for alice", got.AuthModel)
	}
	if left := time.Until(got.AuthModel.ExpireTime); left < 2*time.Minute || left > 3*time.Minute+time.Second {
		t.Errorf("the code lives %v, want three minutes", left)
	}
}

// warrant asks for an access warrant.
func warrant(t *testing.T, call caller) {
	var got struct {
		Success        bool
		HTTPStatusCode int
		Data           struct {
			ApplicationAccessID, UserID, AccessToken, AccessWarrantID string
			ExpireTime, CreateTime                                    int64 `json:",string"`
		}
	}
	mustRead(t, call(t, createAccessWarrant()).body, &got)
	if !got.Success || got.HTTPStatusCode != http.StatusOK {
		t.Errorf("success %v, httpStatusCode %d", got.Success, got.HTTPStatusCode)
	}
	data := got.Data
	if data.ApplicationAccessID != "a123" || data.UserID != "sn123" ||
		data.AccessToken == "" || data.AccessWarrantID == "" {
		t.Errorf("data is %+v, want a warrant of a123 for sn123", data)
	}
	if lifetime := data.ExpireTime - data.CreateTime; lifetime != 7200 {
		t.Errorf("the warrant lives %d seconds, want 7200", lifetime)
	}
}
