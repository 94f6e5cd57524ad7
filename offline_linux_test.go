package main_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// isOffline marks the process of a test that has no network but its own loopback.
const isOffline = "TOKENSTAGE_TEST_OFFLINE"

// TestServesWithoutNetwork runs the command where nothing can be reached but itself. It must serve, and the kernel must
// not have counted a single attempt to reach somebody else. Where TOKENSTAGE_OFFLINE is "required", it cannot be skipped.
func TestServesWithoutNetwork(t *testing.T) {
	if os.Getenv(isOffline) != "" {
		serveOffline(t)
		return
	}
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	inside := exec.CommandContext(t.Context(), self, "-test.run=^TestServesWithoutNetwork$", "-test.v")
	inside.Env = append(os.Environ(), isOffline+"=1")
	inside.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := inside.CombinedOutput()
	if os.IsPermission(err) && os.Getenv("TOKENSTAGE_OFFLINE") != "required" {
		t.Skip("this user may not make a network namespace")
	}
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func serveOffline(t *testing.T) {
	t.Helper()
	raiseLoopback(t)
	if _, err := new(net.Dialer).DialContext(t.Context(), "udp", "192.0.2.1:53"); err == nil {
		t.Fatal("there is a network")
	}
	before := unreachable(t)
	if before == 0 {
		t.Fatal("the kernel does not count what cannot be reached")
	}
	c := serve(t)
	for target, want := range map[string]string{
		issue + "96\r\n\r\n" + body: "200", "GET /router/rest HTTP/1.1\r\nHost: gw.api.taobao.com\r\n\r\n": "200",
		"GET /?Action=ApplyToken HTTP/1.1\r\nHost: onsmqtt.cn-hangzhou.aliyuncs.com\r\n\r\n": "400",
	} {
		conn := c.dial(t, c.Data, target)
		head := make([]byte, len("HTTP/1.1 200"))
		if _, err := conn.Read(head); err != nil || string(head[9:]) != want {
			t.Errorf("%q: %q, %v", target, head, err)
		}
	}
	if _, err := c.Control.CreateSandbox(t.Context(), client.Definition{TTL: "1h"}); err != nil {
		t.Error(err)
	}
	if _, err := c.Control.APIs(t.Context()); err != nil {
		t.Error(err)
	}
	if code, _ := c.end(t, os.Interrupt); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if after := unreachable(t); after != before {
		t.Errorf("%d attempts to reach somebody", after-before)
	}
}

// raiseLoopback starts the loopback interface, which a new namespace has switched off.
func raiseLoopback(t *testing.T) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(fd) }()
	request := struct { // struct ifreq, netdevice(7)
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP}
	copy(request.name[:], "lo")
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		t.Fatal(errno)
	}
}

// unreachable is how often the kernel found no way for a packet or a connection, since the namespace was made.
func unreachable(t *testing.T) (n int) {
	t.Helper()
	snmp, err := os.ReadFile("/proc/self/net/snmp")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^Ip: (.*)$`).FindAllStringSubmatch(string(snmp), 2)
	for i, name := range strings.Fields(rows[0][1]) {
		if name == "OutNoRoutes" {
			if _, err := fmt.Sscan(strings.Fields(rows[1][1])[i], &n); err != nil {
				t.Fatal(err)
			}
		}
	}
	if snmp6, err := os.ReadFile("/proc/self/net/snmp6"); err == nil {
		if row := regexp.MustCompile(`(?m)^Ip6OutNoRoutes\s+(\d+)$`).FindSubmatch(snmp6); row != nil {
			six := 0
			if _, err := fmt.Sscan(string(row[1]), &six); err != nil {
				t.Fatal(err)
			}
			n += six
		}
	}
	return n
}
