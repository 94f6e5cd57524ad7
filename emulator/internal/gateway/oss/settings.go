package oss

import (
	_ "embed"
	"encoding/json"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/settings"
)

//go:embed settings.txt
var settingsSource string

// settingsTexts are read when they are first asked for.
var settingsTexts = sync.OnceValues(func() (*settings.Texts, error) { return settings.Parse(settingsSource) })

// Settings are texts alone: endpoint and credentials come from the operation that issues them. The texts read these
// from the variables that SDKs know (alibabacloud-oss-go-sdk-v2, NewEnvironmentVariableCredentialsProvider).
func (p Profile) Settings(address string, _ []json.RawMessage) (settings.Settings, error) {
	data := struct{ URL, Region string }{p.Endpoint(address), usualRegion}
	all := settings.Settings{
		Groups: []settings.Group{{Title: "Alibaba Cloud OSS: uploads with issued credentials", Texts: []settings.Text{
			{Name: "go-v2", Title: "Go, alibabacloud-oss-go-sdk-v2", Note: "Bucket and prefix are those of the issued policy."},
			{Name: "go-v1", Title: "Go, aliyun-oss-go-sdk", Note: "The older generation."},
			{Name: "node", Title: "Node, ali-oss", Note: "Given an IP address, it names the bucket in the header Host alone."},
		}}},
	}
	texts, err := settingsTexts()
	if err != nil {
		return all, err
	}
	return all, texts.Fill(all.Groups, data)
}
