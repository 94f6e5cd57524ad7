package acs

import (
	_ "embed"
	"encoding/json"
	"net"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
)

//go:embed settings.txt
var settingsSource string

// settingsTexts are read when they are first asked for.
var settingsTexts = sync.OnceValues(func() (*settings.Texts, error) { return settings.Parse(settingsSource) })

// settingsData fill the texts.
type settingsData struct {
	// Address is the data plane as host:port; Host and Port are its parts.
	Address, Host, Port string
	// Key is a key pair, Bearer a bearer token; nil where there is none.
	Key, Bearer *credential
}

// Settings are made with the first key pair and the first bearer token that are not disabled. What they say of clients
// is what these were seen to need with Tokenstage, or what their published source says: see clients/. The names of the
// variables are those that Alibaba Cloud's SDKs read (credentials-go, env_provider.go).
func (Profile) Settings(address string, credentials []json.RawMessage) (settings.Settings, error) {
	data := settingsData{Address: address}
	data.Host, data.Port, _ = net.SplitHostPort(address)
	for _, raw := range credentials {
		var c credential
		if err := gateway.ReadCredential(raw, &c); err != nil {
			return settings.Settings{}, err
		}
		switch {
		case c.Disabled:
		case data.Key == nil && c.AccessKeyID != "":
			data.Key = &c
		case data.Bearer == nil && c.BearerToken != "":
			data.Bearer = &c
		}
	}
	var all settings.Settings
	texts, err := settingsTexts()
	if err != nil {
		return all, err
	}
	if data.Key != nil {
		all.Credential = []settings.Variable{
			{Name: "ALIBABA_CLOUD_ACCESS_KEY_ID", Value: data.Key.AccessKeyID},
			{Name: "ALIBABA_CLOUD_ACCESS_KEY_SECRET", Value: data.Key.AccessKeySecret},
			{Name: "ALIBABA_CLOUD_SECURITY_TOKEN", Value: data.Key.SecurityToken},
		}
		all.Groups = append(all.Groups, keyGroup())
	}
	if data.Bearer != nil {
		all.Groups = append(all.Groups, bearerGroup())
	}
	return all, texts.Fill(all.Groups, data)
}

func keyGroup() settings.Group {
	return settings.Group{Title: "Alibaba Cloud: onsmqtt, appstream, aicontent", Texts: []settings.Text{
		{Name: "go", Title: "Go, darabonba-openapi v2", Note: "Also the product modules over it: " +
			"onsmqtt-20200420, appstream-center-20210218, aicontent-20240611."},
		{Name: "go-older", Title: "Go, alibaba-cloud-sdk-go", Note: "The older generation: each request is pointed at " +
			"the address, and CreateAccessWarrant takes host and port apart."},
		{Name: "node", Title: "Node, @alicloud/openapi-client and @alicloud/openapi-core", Note: "Also the product " +
			"packages over them. In openapi-core, Config is $OpenApiUtil.Config."},
		{Name: "node-older", Title: "Node, @alicloud/pop-core", Note: "It sends GET unless told otherwise, and " +
			"ApplyToken takes POST alone."},
		{Name: "node-rpc", Title: "Node, @alicloud/rpc-client"},
		{Name: "python", Title: "Python, alibabacloud_tea_openapi", Note: "Also the product packages over it."},
		{Name: "python-older", Title: "Python, aliyun-python-sdk-core", Note: "The older generation."},
		{Name: "java", Title: "Java, com.aliyun:tea-openapi", Note: "Also the product artifacts over it."},
		{Name: "java-older", Title: "Java, com.aliyun:aliyun-java-sdk-core", Note: "The older generation."},
		{Name: "php", Title: "PHP, alibabacloud/darabonba-openapi", Note: "Also the product packages over it."},
		{Name: "php-older", Title: "PHP, alibabacloud/client", Note: "The older generation."},
		{Name: "ruby", Title: "Ruby, aliyunsdkcore"},
		{Name: "csharp", Title: "C#, AlibabaCloud.OpenApiClient", Note: "Also the product packages over it."},
		{Name: "csharp-older", Title: "C#, aliyun-net-sdk-core", Note: "The older generation."},
		{Name: "aliyun", Title: "aliyun, the command line", Note: "--insecure is its word for plain HTTP."},
	}}
}

func bearerGroup() settings.Group {
	return settings.Group{Title: "Alibaba Cloud without signatures: a bearer token", Texts: []settings.Text{
		{Name: "bearer-go", Title: "Go, darabonba-openapi v2"},
		{Name: "bearer-curl", Title: "curl", Note: "A call without an SDK: GetAuthCode."},
	}}
}

// Hidden is a credential with words in the place of its secrets.
func (Profile) Hidden(raw json.RawMessage) (json.RawMessage, error) {
	var c credential
	if err := gateway.ReadCredential(raw, &c); err != nil {
		return nil, err
	}
	if c.AccessKeySecret != "" {
		c.AccessKeySecret = "<access key secret>"
	}
	if c.BearerToken != "" {
		c.BearerToken = "<bearer token>"
	}
	return gateway.WriteCredential(c), nil
}
