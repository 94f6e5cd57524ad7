package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"text/template"

	"al.essio.dev/pkg/shellescape"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// settings are what the texts to paste are made from.
type settings struct {
	// Data is the data plane as host:port, and Host and Port the same in parts; TLS is empty where there is none.
	Data, Host, Port, TLS string
	Control               string // URL
	// Locked says that the control plane asks for its token.
	Locked  bool
	Sandbox string
	// ACS, Top and Fabric are what to call with; nil where the sandbox has no credential of the gateway.
	ACS, Bearer *sandbox.ACSCredential
	Top, Fabric *sandbox.App
}

func (c *console) settingsOf(r *http.Request, id string, credentials sandbox.Credentials) settings {
	s := settings{
		Data: c.Data, TLS: c.TLS, Control: "http://" + r.Host, Locked: c.Token != "", Sandbox: id,
		Top: first(credentials.Top), Fabric: first(credentials.Fabric),
	}
	s.Host, s.Port, _ = net.SplitHostPort(c.Data)
	for _, key := range credentials.ACS {
		switch {
		case key.Disabled:
		case s.ACS == nil && key.AccessKeyID != "":
			s.ACS = &key
		case s.Bearer == nil && key.BearerToken != "":
			s.Bearer = &key
		}
	}
	return s
}

func first(apps []sandbox.App) *sandbox.App {
	if len(apps) == 0 {
		return nil
	}
	return &apps[0]
}

// settingGroup are the settings for the clients of one gateway.
type settingGroup struct {
	Title    string
	Settings []setting
}

// setting is one text to paste.
type setting struct {
	Name, Title, Note string
	Text              string
}

// groups are the settings that the sandbox has credentials for. What they say of clients is what these were seen to
// need with Tokenstage, or what their published source says: see clients/.
func (s settings) groups() ([]settingGroup, error) {
	all := []settingGroup{{"Environment", []setting{
		{Name: "env", Title: "Shell", Note: "The same as variables; --format dotenv writes a .env file."},
	}}}
	if s.ACS != nil {
		all = append(all, settingGroup{"Alibaba Cloud: onsmqtt, appstream, aicontent", acsSettings()})
	}
	if s.Bearer != nil {
		all = append(all, settingGroup{"Alibaba Cloud without signatures: a bearer token", bearerSettings()})
	}
	if s.Top != nil {
		all = append(all, settingGroup{"Taobao Open Platform: deepvision", topSettings()})
	}
	if s.Fabric != nil {
		all = append(all, settingGroup{"Huawei AICC: ccmessaging", fabricSettings()})
	}
	if s.TLS != "" {
		all = append(all, settingGroup{"Over HTTPS", []setting{{Name: "tls", Title: "Address and trust"}}})
	}
	for _, group := range all {
		for i := range group.Settings {
			var err error
			if group.Settings[i].Text, err = s.text(group.Settings[i].Name); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func acsSettings() []setting {
	return []setting{
		{Name: "acs-go", Title: "Go, darabonba-openapi v2", Note: "Also the product modules over it: " +
			"onsmqtt-20200420, appstream-center-20210218, aicontent-20240611."},
		{Name: "acs-go-older", Title: "Go, alibaba-cloud-sdk-go", Note: "The older generation: each request is pointed at " +
			"the address, and CreateAccessWarrant takes host and port apart."},
		{Name: "acs-node", Title: "Node, @alicloud/openapi-client and @alicloud/openapi-core", Note: "Also the product " +
			"packages over them. In openapi-core, Config is $OpenApiUtil.Config."},
		{Name: "acs-node-older", Title: "Node, @alicloud/pop-core", Note: "It sends GET unless told otherwise, and " +
			"ApplyToken takes POST alone."},
	}
}

func bearerSettings() []setting {
	return []setting{
		{Name: "bearer-go", Title: "Go, darabonba-openapi v2"},
		{Name: "bearer-curl", Title: "curl", Note: "A call without an SDK: GetAuthCode."},
	}
}

func topSettings() []setting {
	return []setting{
		{Name: "top-url", Title: "Java, PHP, Go and others that take a URL", Note: "The method is called through the SDK's " +
			"generic request: no published SDK has a class for it. Java signs the time of GMT+8; run Go with " +
			"TZ=Asia/Shanghai, and PHP with that as its date.timezone."},
		{Name: "top-python", Title: "Python, the official SDK", Note: "It takes a host and a port, speaks plain HTTP and " +
			"adds the path itself. Give param as a JSON text: a dict is sent as Python writes it."},
		{Name: "top-node", Title: "Node, taobao-sdk and ali-topsdk", Note: "Run it with TZ=Asia/Shanghai, here as against " +
			"the real service: the SDK signs local time where the gateway reads GMT+8."},
		{Name: "top-node-topclient", Title: "Node, node-taobao-topclient and topsdk", Note: "TZ=Asia/Shanghai, too. With " +
			"topsdk, give param as a JSON text: it signs an object as [object Object]."},
	}
}

func fabricSettings() []setting {
	return []setting{
		{Name: "fabric-curl", Title: "curl, or any HTTP client", Note: "Nothing is signed: an access token, then a client " +
			"token. Use the base URL and the app key in your own client the same way."},
	}
}

// texts are the texts to paste. They are read with the first page that shows some.
var texts = sync.OnceValues(func() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{
		"go": strconv.Quote, "js": jsQuote, "sh": shellescape.Quote, "object": object,
	}).ParseFS(files, "templates/settings.txt")
})

// text is the text of that name.
func (s settings) text(name string) (string, error) {
	all, err := texts()
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := all.ExecuteTemplate(&out, name, s); err != nil {
		return "", fmt.Errorf("settings %s: %w", name, err)
	}
	return strings.TrimSpace(out.String()), nil
}

// jsQuote writes a string literal of JavaScript.
func jsQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(text) + "'"
}

// object writes a JSON object of name and value pairs, in this order.
func object(pairs ...string) (string, error) {
	var out strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		out.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		for j, text := range pairs[i : i+2] {
			var quoted bytes.Buffer
			encoder := json.NewEncoder(&quoted)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(text); err != nil {
				return "", err
			}
			out.WriteString(strings.TrimSpace(quoted.String()))
			if j == 0 {
				out.WriteString(":")
			}
		}
	}
	return out.String() + "}", nil
}
