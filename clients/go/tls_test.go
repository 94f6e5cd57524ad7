package clients_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/onsmqtt"
)

// trustCA has this process trust the server's CA in the way that any Go program can be told to: crypto/x509 reads the
// file once, when it is first needed.
func trustCA(file string) error {
	response, err := http.Get(os.Getenv(controlEnv) + "/ca.pem")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	ca, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return err // a server without TLS has none
	}
	if err := os.WriteFile(file, ca, 0o600); err != nil {
		return err
	}
	return os.Setenv("SSL_CERT_FILE", file)
}

// hostsFile stands in for one: a proxy that connects every tunnel to the server, whatever host it is for. The SDKs find
// the server at their own endpoints and hold its certificate to their names.
func hostsFile(t *testing.T) (proxy string) {
	t.Helper()
	var box struct {
		Endpoints struct {
			TLS string `json:"tls"`
		} `json:"endpoints"`
	}
	control(t, http.MethodGet, "/v1/sandboxes/default", nil, &box)
	_, addr, on := strings.Cut(box.Endpoints.TLS, "://")
	if !on {
		t.Skip("the server was started without --tls-addr")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("%s %s came without TLS", r.Method, r.URL)
			return
		}
		tunnel(t, w, addr)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func tunnel(t *testing.T, w http.ResponseWriter, addr string) {
	t.Helper()
	inside, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer inside.Close()
	outside, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer outside.Close()
	// Only now, so that the first bytes of the client's handshake are not read by the server that was left behind.
	if _, err := io.WriteString(outside, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		t.Error(err)
		return
	}
	go func() {
		_, _ = io.Copy(inside, outside)
		_ = inside.Close()
	}()
	_, _ = io.Copy(outside, inside)
}

// came fails the test unless the journal has one good call, made to that host over HTTPS.
func (b *box) came(t *testing.T, host string) {
	t.Helper()
	var page struct {
		Requests []struct {
			Outcome string
			Request struct{ URL string }
		}
	}
	control(t, http.MethodGet, b.path("/requests"), nil, &page)
	if len(page.Requests) != 1 {
		t.Fatalf("%d calls came", len(page.Requests))
	}
	if r := page.Requests[0]; r.Outcome != "ok" || !strings.HasPrefix(r.Request.URL, "https://"+host+"/") {
		t.Errorf("outcome %s of %s, want a call to %s", r.Outcome, r.Request.URL, host)
	}
}

// TestDefaultEndpoint has the typed client of onsmqtt choose its endpoint by itself.
func TestDefaultEndpoint(t *testing.T) {
	proxy := hostsFile(t)
	for name, key := range map[string]int{"access key": plainKey, "security token": stsKey, "bearer token": bearerToken} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			config := sdk.NewConfig().WithScheme("HTTPS")
			client, err := onsmqtt.NewClientWithOptions(region, config, legacyCredential(b.Credentials.ACS[key]))
			if err != nil {
				t.Fatal(err)
			}
			client.SetHttpsProxy(proxy)
			request := applyTokenRequest(applyToken())
			request.Domain = "" // what the other tests set
			response, err := client.ApplyToken(request)
			if err != nil || response.Token == "" {
				t.Fatalf("%v, %v", response, err)
			}
			b.came(t, "onsmqtt.cn-hangzhou.aliyuncs.com")
		})
	}
}

// TestRealHosts has the other generation call the endpoints of its product clients, in each signature mode.
func TestRealHosts(t *testing.T) {
	proxy := hostsFile(t)
	for host, op := range map[string]operation{
		"onsmqtt.cn-hangzhou.aliyuncs.com":          applyToken(),
		"appstream-center.cn-shanghai.aliyuncs.com": getAuthCode(),
		"aicontent.aliyuncs.com":                    createAccessWarrant(),
	} {
		for mode, algorithm := range map[string]string{"V3": "", "V3 SM3": "ACS3-HMAC-SM3", "v1": "v2"} {
			t.Run(fmt.Sprintf("%s/%s", op.action, mode), func(t *testing.T) {
				b := newBox(t)
				config := darabonbaConfig(algorithm, b.Credentials.ACS[plainKey])
				config.Endpoint, config.Protocol, config.HttpsProxy = &host, nil, &proxy // HTTPS is its default
				client, err := openapi.NewClient(config)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := sendDarabonba(client, op); err != nil {
					t.Fatal(err)
				}
				b.came(t, host)
			})
		}
	}
}
