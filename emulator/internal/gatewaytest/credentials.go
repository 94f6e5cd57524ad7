package gatewaytest

import (
	"encoding/json"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// Credentials are those of a sandbox as tests write them; a nil list is left out of a definition.
type Credentials struct {
	ACS    []ACSCredential `json:"acs,omitzero"`
	Top    []App           `json:"top,omitzero"`
	Fabric []App           `json:"fabric,omitzero"`
}

// ACSCredential is a credential of the gateway acs.
type ACSCredential struct {
	AccessKeyID     string `json:"accessKeyId,omitempty"`
	AccessKeySecret string `json:"accessKeySecret,omitempty"`
	SecurityToken   string `json:"securityToken,omitempty"`
	BearerToken     string `json:"bearerToken,omitempty"`
	Disabled        bool   `json:"disabled,omitempty"`
}

// App is an application of the gateways top and fabric.
type App struct {
	AppKey    string `json:"appKey"`
	AppSecret string `json:"appSecret"`
}

// Listed is the same as a definition lists it.
func (c Credentials) Listed() sandbox.Credentials {
	var listed sandbox.Credentials
	convert(c, &listed)
	return listed
}

// Read reads the credentials of a sandbox.
func Read(listed sandbox.Credentials) Credentials {
	var c Credentials
	convert(listed, &c)
	return c
}

// convert copies by JSON; what does not fit is a slip of the test.
func convert(from, into any) {
	raw, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		panic(fmt.Sprintf("credentials of a test: %v", err))
	}
}
