package top

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
	// URL is where the gateway is; Host and Port are parts of it.
	URL, Host, Port string
	App             gateway.App
}

// Settings are made with the first app. What they say of clients is what these were seen to need with Tokenstage, or
// what their published source says: see clients/.
func (p Profile) Settings(address string, credentials []json.RawMessage) (settings.Settings, error) {
	data := settingsData{URL: p.Endpoint(address)}
	all := settings.Settings{Address: []settings.Variable{{Name: "TOP_URL", Value: data.URL}}}
	if len(credentials) == 0 {
		return all, nil
	}
	if err := gateway.ReadCredential(credentials[0], &data.App); err != nil {
		return all, err
	}
	data.Host, data.Port, _ = net.SplitHostPort(address)
	all.Credential = []settings.Variable{
		{Name: "TOP_APP_KEY", Value: data.App.AppKey}, {Name: "TOP_APP_SECRET", Value: data.App.AppSecret},
	}
	all.Groups = []settings.Group{{Title: "Taobao Open Platform: deepvision", Texts: clientTexts()}}
	texts, err := settingsTexts()
	if err != nil {
		return all, err
	}
	return all, texts.Fill(all.Groups, data)
}

func clientTexts() []settings.Text {
	return []settings.Text{
		{Name: "url", Title: "Java, PHP, Go, C# and others that take a URL", Note: "The method is called through the SDK's " +
			"generic request: no published SDK has a class for it. Java signs the time of GMT+8; Go and C# sign " +
			"local time, so run them with TZ=Asia/Shanghai, and PHP with that as its date.timezone."},
		{Name: "java", Title: "Java, top-sdk-java"},
		{Name: "php", Title: "PHP, top-sdk-php", Note: "With date_default_timezone_set('Asia/Shanghai'): it signs the " +
			"time of PHP's own zone."},
		{Name: "csharp", Title: "C#, the official SDK", Note: "Run it with TZ=Asia/Shanghai: it signs local time."},
		{Name: "python", Title: "Python, the official SDK", Note: "It takes a host and a port, speaks plain HTTP, " +
			"adds the path itself and sends its time as a count of milliseconds, whatever the zone. Give " +
			"param as a JSON text: a dict is sent as Python writes it."},
		{Name: "node", Title: "Node, taobao-sdk and ali-topsdk", Note: "Run it with TZ=Asia/Shanghai, here as against " +
			"the real service: the SDK signs local time where the gateway reads GMT+8."},
		{Name: "node-topclient", Title: "Node, node-taobao-topclient and topsdk", Note: "TZ=Asia/Shanghai, too. With " +
			"topsdk, give param as a JSON text: it signs an object as [object Object]."},
		{Name: "python-plain", Title: "Python, without an SDK", Note: "param is a dict with what the method takes."},
		{Name: "ruby", Title: "Ruby, without an SDK", Note: "There is no official SDK. param is a hash with what the " +
			"method takes."},
	}
}

// Hidden is a credential with words in the place of its secret.
func (Profile) Hidden(raw json.RawMessage) (json.RawMessage, error) { return gateway.HideApp(raw) }
