// Package helm holds the chart to what Kubernetes takes, and to what the command has.
package helm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

// program is helm, as go.mod pins it, built at most once.
var program = sync.OnceValues(func() (string, error) {
	path, err := exec.Command("go", "tool", "-n", "helm").Output()
	return strings.TrimSpace(string(path)), err
})

func helm(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	return string(out), err
}

// release is what a set of values comes to, each kind by its names.
type release struct {
	Deployment      appsv1.Deployment
	Services        map[string]corev1.Service
	Secrets         map[string]corev1.Secret
	ConfigMaps      map[string]corev1.ConfigMap
	Ingresses       map[string]networkingv1.Ingress
	Budgets         map[string]policyv1.PodDisruptionBudget
	Policies        map[string]networkingv1.NetworkPolicy
	ServiceAccounts map[string]corev1.ServiceAccount

	text string
}

// keep reads a manifest into one of the kinds. A member that Kubernetes does not know, or knows as another type, is an
// error.
func keep[T any](t *testing.T, manifest []byte, name string, kinds map[string]T) {
	t.Helper()
	var made T
	if err := strict.UnmarshalStrict(manifest, &made); err != nil {
		t.Errorf("%v in\n%s", err, manifest)
	}
	if _, twice := kinds[name]; twice {
		t.Errorf("%s is there twice", name)
	}
	kinds[name] = made
}

// render renders the chart with values as the command line gives them.
func render(t *testing.T, values ...string) release {
	t.Helper()
	out, err := helm(t, append([]string{"template", "team", "tokenstage", "--namespace", "qa"}, values...)...)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r := release{
		Services: map[string]corev1.Service{}, Secrets: map[string]corev1.Secret{}, ConfigMaps: map[string]corev1.ConfigMap{},
		Ingresses: map[string]networkingv1.Ingress{}, Budgets: map[string]policyv1.PodDisruptionBudget{},
		Policies: map[string]networkingv1.NetworkPolicy{}, ServiceAccounts: map[string]corev1.ServiceAccount{}, text: out,
	}
	manifests := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(out)))
	deployments := map[string]appsv1.Deployment{}
	for {
		manifest, err := manifests.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var head struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if err := strict.Unmarshal(manifest, &head); err != nil {
			t.Fatalf("%v in\n%s", err, manifest)
		}
		name := head.Metadata.Name
		switch head.Kind {
		case "":
		case "Deployment":
			keep(t, manifest, name, deployments)
		case "Service":
			keep(t, manifest, name, r.Services)
		case "Secret":
			keep(t, manifest, name, r.Secrets)
		case "ConfigMap":
			keep(t, manifest, name, r.ConfigMaps)
		case "Ingress":
			keep(t, manifest, name, r.Ingresses)
		case "PodDisruptionBudget":
			keep(t, manifest, name, r.Budgets)
		case "NetworkPolicy":
			keep(t, manifest, name, r.Policies)
		case "ServiceAccount":
			keep(t, manifest, name, r.ServiceAccounts)
		default:
			t.Errorf("a manifest of kind %q is not checked", head.Kind)
		}
	}
	if len(deployments) != 1 {
		t.Fatalf("%d deployments", len(deployments))
	}
	for _, r.Deployment = range deployments {
		break
	}
	r.hangsTogether(t)
	return r
}

// hangsTogether checks what Kubernetes itself would only tell by nothing being reached.
func (r release) hangsTogether(t *testing.T) {
	t.Helper()
	pod := r.Deployment.Spec.Template
	isPod := func(what string, selector map[string]string) {
		if len(selector) == 0 {
			t.Errorf("%s selects everything", what)
		}
		for name, value := range selector {
			if pod.Labels[name] != value {
				t.Errorf("%s selects %s=%s, which pods do not have", what, name, value)
			}
		}
	}
	container := pod.Spec.Containers[0]
	hasPort := func(what string, port intstr.IntOrString) {
		if !slices.ContainsFunc(container.Ports, func(p corev1.ContainerPort) bool { return p.Name == port.StrVal }) {
			t.Errorf("%s names the port %s, which the container does not have", what, port.String())
		}
	}
	isPod("the deployment", r.Deployment.Spec.Selector.MatchLabels)
	for name, service := range r.Services {
		isPod("service "+name, service.Spec.Selector)
		for _, port := range service.Spec.Ports {
			hasPort("service "+name, port.TargetPort)
		}
	}
	for name, budget := range r.Budgets {
		isPod("budget "+name, budget.Spec.Selector.MatchLabels)
	}
	for name, policy := range r.Policies {
		isPod("policy "+name, policy.Spec.PodSelector.MatchLabels)
		opened := 0
		for _, rule := range policy.Spec.Ingress {
			for _, port := range rule.Ports {
				hasPort("policy "+name, *port.Port)
				opened++
			}
		}
		if opened != len(container.Ports) {
			t.Errorf("policy %s opens %d ports of %d", name, opened, len(container.Ports))
		}
	}
	for name, ingress := range r.Ingresses {
		for _, rule := range ingress.Spec.Rules {
			for _, path := range rule.HTTP.Paths {
				backend := path.Backend.Service
				if !slices.ContainsFunc(r.Services[backend.Name].Spec.Ports, func(p corev1.ServicePort) bool {
					return p.Name == backend.Port.Name
				}) {
					t.Errorf("ingress %s leads to %s:%s, which is not there", name, backend.Name, backend.Port.Name)
				}
			}
		}
	}
	for _, probe := range []*corev1.Probe{container.LivenessProbe, container.ReadinessProbe, container.StartupProbe} {
		hasPort("a probe", probe.HTTPGet.Port)
	}
	volumes := map[string]bool{}
	for _, volume := range pod.Spec.Volumes {
		volumes[volume.Name] = true
		if volume.ConfigMap != nil && strings.HasSuffix(volume.ConfigMap.Name, "-scenarios") {
			if _, there := r.ConfigMaps[volume.ConfigMap.Name]; !there {
				t.Errorf("volume %s is of a ConfigMap that is not there", volume.Name)
			}
		}
	}
	for _, mount := range container.VolumeMounts {
		if !volumes[mount.Name] {
			t.Errorf("%s is mounted and is no volume", mount.Name)
		}
		delete(volumes, mount.Name)
	}
	if len(volumes) > 0 {
		t.Errorf("nothing mounts %v", slices.Sorted(maps.Keys(volumes)))
	}
	r.readsSecrets(t, container)
	r.isSmall(t)
}

// readsSecrets checks that a key which the container reads is in its secret, where that is the chart's own.
func (r release) readsSecrets(t *testing.T, container corev1.Container) {
	t.Helper()
	for _, variable := range container.Env {
		if variable.ValueFrom == nil {
			continue
		}
		key := variable.ValueFrom.SecretKeyRef
		if secret, own := r.Secrets[key.Name]; own && len(secret.Data[key.Key]) == 0 {
			t.Errorf("%s reads %s of the secret %s, which has none", variable.Name, key.Key, key.Name)
		}
	}
}

// isSmall checks that pods may do nothing that they need not.
func (r release) isSmall(t *testing.T) {
	t.Helper()
	pod := r.Deployment.Spec.Template.Spec
	own := pod.Containers[0].SecurityContext
	if !*pod.SecurityContext.RunAsNonRoot || *own.AllowPrivilegeEscalation || !*own.ReadOnlyRootFilesystem ||
		!slices.Equal(own.Capabilities.Drop, []corev1.Capability{"ALL"}) ||
		pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault ||
		*pod.AutomountServiceAccountToken || *pod.EnableServiceLinks {
		t.Errorf("pods may do too much: %+v, %+v", pod.SecurityContext, own)
	}
	if pod.Containers[0].Resources.Limits.Memory().IsZero() {
		t.Error("memory has no limit")
	}
}

// env is a variable of the container by its name; its secret's name and key where it has one.
func (r release) env(name string) string {
	for _, variable := range r.Deployment.Spec.Template.Spec.Containers[0].Env {
		if variable.Name == name && variable.ValueFrom != nil {
			return variable.ValueFrom.SecretKeyRef.Name + "/" + variable.ValueFrom.SecretKeyRef.Key
		} else if variable.Name == name {
			return variable.Value
		}
	}
	return ""
}

// TestDefaults is one server that shares nothing, with a token that was drawn.
func TestDefaults(t *testing.T) {
	t.Parallel()
	r := render(t)
	if *r.Deployment.Spec.Replicas != 1 || r.Deployment.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
		t.Errorf("%+v", r.Deployment.Spec)
	}
	if len(r.Budgets)+len(r.Policies)+len(r.Ingresses)+len(r.ConfigMaps) != 0 || len(r.Services) != 2 {
		t.Errorf("made without being asked for:\n%s", r.text)
	}
	if token := r.Secrets["team-tokenstage"].Data["control-token"]; len(token) != 40 {
		t.Errorf("the token drawn is %q", token)
	}
	if at := r.env("TOKENSTAGE_CONTROL_TOKEN"); at != "team-tokenstage/control-token" {
		t.Errorf("it reads %q", at)
	}
	if store := r.env("TOKENSTAGE_STORE"); store != "" {
		t.Errorf("the store is %q", store)
	}
}

// TestTeam is what a team would have: replicas on a store whose address is in a secret of their own.
func TestTeam(t *testing.T) {
	t.Parallel()
	r := render(t, "-f", "testdata/team.yaml")
	spec := r.Deployment.Spec
	if *spec.Replicas != 3 || spec.Strategy.RollingUpdate.MaxUnavailable.IntValue() != 0 {
		t.Errorf("%+v", spec)
	}
	for name, want := range map[string]string{
		"TOKENSTAGE_STORE": "redis-of-qa/address", "TOKENSTAGE_CONTROL_TOKEN": "control-of-qa/control-token",
		"TOKENSTAGE_TLS_CA_CERT": "/tls/tls.crt", "SSL_CERT_FILE": "/store-ca/ca.crt", "OTEL_SERVICE_NAME": "tokenstage-qa",
		"TOKENSTAGE_PUBLIC": "data=qa.example:80,mqtt=qa.example:4012,mqttWs=qa.example:80",
	} {
		if got := r.env(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if len(r.Secrets) != 0 {
		t.Error("a secret is made although all are given")
	}
	args := spec.Template.Spec.Containers[0].Args
	if want := []string{
		"serve", "--scenario=mqtt-throttled-then-fine", "--scenario=/scenarios/rough.yaml", "--max-connections=1000",
	}; !slices.Equal(args, want) {
		t.Errorf("arguments %q, want %q", args, want)
	}
	hosts := map[string][]string{}
	for _, rule := range r.Ingresses["team-tokenstage"].Spec.Rules {
		for _, path := range rule.HTTP.Paths {
			hosts[rule.Host] = append(hosts[rule.Host], path.Path+" "+path.Backend.Service.Port.Name)
		}
	}
	if got, want := fmt.Sprint(hosts), "map[control.qa.example:[/ control] qa.example:[/mqtt mqtt-ws / data]]"; got != want {
		t.Errorf("names lead to %s, want %s", got, want)
	}
	if budget := r.Budgets["team-tokenstage"]; budget.Spec.MaxUnavailable.IntValue() != 1 {
		t.Errorf("%+v", budget.Spec)
	}
	policy := r.Policies["team-tokenstage"].Spec
	if len(policy.PolicyTypes) != 2 || len(policy.Ingress[1].From) != 1 || len(policy.Ingress[0].From) != 0 {
		t.Errorf("%+v", policy)
	}
	if ports := policy.Egress[1].Ports; len(ports) != 2 || ports[1].Port.IntValue() != 26379 {
		t.Errorf("pods reach %+v", ports)
	}
}

// TestGivenTexts go into the chart's own secret, and another text starts the pods anew.
func TestGivenTexts(t *testing.T) {
	t.Parallel()
	const url = "rediss://tokenstage:p%40ss@redis.example:6380/0?prefix=qa"
	given := func(token string) release {
		return render(t, "--set-string", "store.url="+url, "--set-string", "controlToken.value="+token,
			"--set", "replicas=2,mqtt.webSocket=false")
	}
	r, other := given("one"), given("two")
	secret := r.Secrets["team-tokenstage"].Data
	if string(secret["url"]) != url || string(secret["control-token"]) != "one" {
		t.Errorf("the secret holds %q", secret)
	}
	if strings.Contains(strings.ReplaceAll(r.text, string(secret["url"]), ""), "p%40ss") {
		t.Error("the password stands outside of the secret")
	}
	sum := func(r release) string { return r.Deployment.Spec.Template.Annotations["checksum/settings"] }
	if sum(r) == sum(other) || sum(r) != sum(given("one")) {
		t.Errorf("the pods' sums are %s and %s", sum(r), sum(other))
	}
	render(t, "--set", "mqtt.enabled=false,networkPolicy.enabled=true")
	render(t, "--set", "networkPolicy.enabled=true,tls.enabled=true,tls.existingSecret=ca,mqtt.webSocket=false")
}

// TestWhatCannotWork is refused, and said.
func TestWhatCannotWork(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]string{
		"replicas=2": "more than one need a store that they share",
		"store.url=redis://a,store.existingSecret=b": "give one of them",
		"store.url=http://a":                         "store",
		"store.adress=x":                             "adress",
		"tls.enabled=true":                           "tls.existingSecret",
		"ingress.enabled=true":                       "dataHost",
		"replicas=many":                              "replicas",
		"publicAddresses.dta=a:1":                    "dta",
		"service.port=0":                             "port",
		"scenarios.files.x=y":                        "invalid propertyName 'x'",
		"controlToken.value=a,controlToken.existingSecret=b": "controlToken",
	} {
		out, err := helm(t, "template", "team", "tokenstage", "--set", values)
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v, want a word on %q:\n%s", values, err, want, out)
		}
	}
}

// TestLint finds nothing in the chart, with each set of values.
func TestLint(t *testing.T) {
	t.Parallel()
	for _, values := range [][]string{nil, {"-f", "testdata/team.yaml"}, {"--set", "store.url=redis://a,replicas=2"}} {
		if out, err := helm(t, append([]string{"lint", "--strict", "tokenstage"}, values...)...); err != nil {
			t.Errorf("%v: %v\n%s", values, err, out)
		}
	}
}

// TestCommandKnowsWhatTheChartSays: each variable and flag is one of "tokenstage serve", and each scenario one that ships.
func TestCommandKnowsWhatTheChartSays(t *testing.T) {
	t.Parallel()
	r := render(t, "-f", "testdata/team.yaml")
	command := exec.CommandContext(t.Context(), "go", "run", ".", "serve", "--help")
	command.Dir = "../.."
	help, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	container := r.Deployment.Spec.Template.Spec.Containers[0]
	said := 0
	for _, variable := range container.Env {
		if strings.HasPrefix(variable.Name, "TOKENSTAGE_") {
			said++
			if !strings.Contains(string(help), "[$"+variable.Name+"]") {
				t.Errorf("the command does not know %s", variable.Name)
			}
		}
	}
	for _, argument := range container.Args[1:] {
		said++
		if flag, _, _ := strings.Cut(argument, "="); !strings.Contains(string(help), flag+"=") {
			t.Errorf("the command does not know %s", flag)
		}
	}
	if said < 10 {
		t.Errorf("only %d were looked at", said)
	}
	page, err := os.ReadFile("../../docs/sharing.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-zA-Z]+(?:\\.[a-zA-Z]+)+)`").FindAllStringSubmatch(chartSection(t, string(page)), -1)
	values, err := os.ReadFile("tokenstage/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := strict.UnmarshalStrict(values, &all); err != nil {
		t.Fatal(err)
	}
	for _, name := range named {
		at := any(all)
		for part := range strings.SplitSeq(name[1], ".") {
			inside, _ := at.(map[string]any)
			at = inside[part]
		}
		if at == nil {
			t.Errorf("docs/sharing.md names the value %s, which the chart does not have", name[1])
		}
	}
	if len(named) < 5 {
		t.Errorf("docs/sharing.md names only %d values of the chart", len(named))
	}
}

// chartSection is what docs/sharing.md says of the chart.
func chartSection(t *testing.T, page string) string {
	t.Helper()
	_, section, found := strings.Cut(page, "\n## On Kubernetes\n")
	if !found {
		t.Fatal("docs/sharing.md does not speak of the chart")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}
