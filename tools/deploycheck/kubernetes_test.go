package deploycheck

import (
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// build makes the manifests of the example overlay, as kubectl apply -k does,
// and decodes them into Kubernetes' own types: an unknown field, a field given
// twice or a value of another type is an error.
func build(t *testing.T) []runtime.Object {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), deploy+"/kubernetes/example")
	if err != nil {
		t.Fatal(err)
	}
	var objects []runtime.Object
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		o, err := decode(text)
		if err != nil {
			t.Fatalf("%s: %v\n%s", r.CurId(), err, text)
		}
		objects = append(objects, o)
	}
	return objects
}

func decode(text []byte) (runtime.Object, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme, monitoring.AddToScheme,
	} {
		utilruntime.Must(add(scheme))
	}
	o, _, err := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer().Decode(text, nil, nil)
	return o, err
}

// all returns the objects of one type.
func all[T runtime.Object](objects []runtime.Object) []T {
	var list []T
	for _, o := range objects {
		if typed, ok := o.(T); ok {
			list = append(list, typed)
		}
	}
	return list
}

// pod is a template of pods and who made it.
type pod struct {
	name string
	*corev1.PodTemplateSpec
}

func pods(t *testing.T, objects []runtime.Object) []pod {
	t.Helper()
	var list []pod
	for _, d := range all[*appsv1.Deployment](objects) {
		list = append(list, pod{"Deployment " + d.Name, &d.Spec.Template})
		if !matches(t, d.Spec.Selector, d.Spec.Template.Labels) {
			t.Errorf("Deployment %s does not select its own pods", d.Name)
		}
	}
	for _, c := range all[*batchv1.CronJob](objects) {
		list = append(list, pod{"CronJob " + c.Name, &c.Spec.JobTemplate.Spec.Template})
	}
	for _, j := range all[*batchv1.Job](objects) {
		list = append(list, pod{"Job " + j.Name, &j.Spec.Template})
	}
	if len(list) < 2 {
		t.Fatalf("%d templates of pods, want serve and migrate", len(list))
	}
	return list
}

func matches(t *testing.T, s *metav1.LabelSelector, l map[string]string) bool {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	return selector.Matches(labels.Set(l))
}

// TestPodSecurity asks the evaluator of Kubernetes' own admission whether every
// pod passes the level "restricted", which the namespace enforces.
func TestPodSecurity(t *testing.T) {
	objects := build(t)
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	judge := func(p *corev1.PodTemplateSpec) policy.AggregateCheckResult {
		return policy.AggregateCheckResults(evaluator.EvaluatePod(level, &p.ObjectMeta, &p.Spec))
	}
	for _, p := range pods(t, objects) {
		if r := judge(p.PodTemplateSpec); !r.Allowed {
			t.Errorf("%s: %s", p.name, r.ForbiddenDetail())
		}
		worse := p.DeepCopy()
		worse.Spec.Containers[0].SecurityContext.Capabilities = nil
		if judge(worse).Allowed {
			t.Errorf("%s: passes with capabilities, so the check checks nothing", p.name)
		}
	}
	for _, n := range all[*corev1.Namespace](objects) {
		if n.Labels[api.EnforceLevelLabel] != string(api.LevelRestricted) {
			t.Errorf("namespace %s does not enforce it", n.Name)
		}
	}
}

// TestPods checks what the admission does not ask for.
func TestPods(t *testing.T) {
	for _, p := range pods(t, build(t)) {
		if p.Spec.AutomountServiceAccountToken == nil || *p.Spec.AutomountServiceAccountToken {
			t.Errorf("%s gets a token for Kubernetes", p.name)
		}
		for _, c := range p.Spec.Containers {
			tag := c.Image[strings.LastIndex(c.Image, ":")+1:]
			if !strings.Contains(c.Image, "/") || tag == "latest" || tag == c.Image {
				t.Errorf("%s: image %s has no registry or no version", p.name, c.Image)
			}
			if s := c.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
				t.Errorf("%s: the root file system can be written", p.name)
			}
			if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() {
				t.Errorf("%s: no limit of memory, or no requests", p.name)
			}
			for _, e := range c.Env {
				if e.ValueFrom != nil {
					t.Errorf("%s: %s comes from elsewhere; secrets are files", p.name, e.Name)
				}
			}
		}
	}
}

// TestOwnerSecret: only the migration can change the schema, and it can do
// nothing else.
func TestOwnerSecret(t *testing.T) {
	for _, p := range pods(t, build(t)) {
		var secrets []string
		for _, v := range p.Spec.Volumes {
			if v.Secret != nil {
				secrets = append(secrets, v.Secret.SecretName)
			}
			if v.Projected == nil {
				continue
			}
			for _, s := range v.Projected.Sources {
				if s.Secret != nil {
					secrets = append(secrets, s.Secret.Name)
				}
			}
		}
		want := []string{"docsvc-secrets"}
		if strings.Contains(p.name, "migrate") {
			want = []string{"docsvc-owner"}
		}
		if !slices.Equal(secrets, want) {
			t.Errorf("%s has the secrets %q, want %q", p.name, secrets, want)
		}
	}
}

// TestDeployment: a node, or an upgrade, takes only one process away.
func TestDeployment(t *testing.T) {
	objects := build(t)
	deployments := all[*appsv1.Deployment](objects)
	if len(deployments) != 1 {
		t.Fatalf("%d deployments", len(deployments))
	}
	d := deployments[0]
	if d.Spec.Replicas == nil || *d.Spec.Replicas < 2 {
		t.Errorf("fewer than two processes")
	}
	var keys []string
	for _, c := range d.Spec.Template.Spec.TopologySpreadConstraints {
		keys = append(keys, c.TopologyKey)
		if !matches(t, c.LabelSelector, d.Spec.Template.Labels) {
			t.Errorf("the spread over %s counts other pods", c.TopologyKey)
		}
	}
	if !slices.Equal(keys, []string{"kubernetes.io/hostname", "topology.kubernetes.io/zone"}) {
		t.Errorf("spread over %q", keys)
	}
	budgets := all[*policyv1.PodDisruptionBudget](objects)
	if len(budgets) != 1 || !matches(t, budgets[0].Spec.Selector, d.Spec.Template.Labels) || budgets[0].Spec.MaxUnavailable.IntValue() != 1 {
		t.Errorf("no disruption budget of one for these pods")
	}
	c := d.Spec.Template.Spec.Containers[0]
	for name, p := range map[string]*corev1.Probe{"startup": c.StartupProbe, "readiness": c.ReadinessProbe, "liveness": c.LivenessProbe} {
		// A part that is down must neither restart a process nor hide its pages.
		if p == nil || p.HTTPGet == nil || p.HTTPGet.Path != "/healthz" {
			t.Errorf("%s probe does not ask /healthz", name)
		}
	}
	if grace := *d.Spec.Template.Spec.TerminationGracePeriodSeconds; grace < 60 {
		t.Errorf("acts in hand have %d s to finish", grace)
	}
}

// TestNetworkPolicies: without the policies named here a pod talks to nobody.
func TestNetworkPolicies(t *testing.T) {
	objects := build(t)
	var denied bool
	egress := map[string][]int32{} // ports by pod
	for _, n := range all[*networkingv1.NetworkPolicy](objects) {
		everyone := len(n.Spec.PodSelector.MatchLabels) == 0 && len(n.Spec.PodSelector.MatchExpressions) == 0
		if everyone && len(n.Spec.Ingress) == 0 && len(n.Spec.Egress) == 0 && len(n.Spec.PolicyTypes) == 2 {
			denied = true
		}
		for _, rule := range n.Spec.Egress {
			if len(rule.To) == 0 || len(rule.Ports) == 0 {
				t.Errorf("policy %s opens the way out to everybody or on every port", n.Name)
			}
			for _, p := range pods(t, objects) {
				if !matches(t, &n.Spec.PodSelector, p.Labels) {
					continue
				}
				for _, port := range rule.Ports {
					egress[p.name] = append(egress[p.name], port.Port.IntVal)
				}
			}
		}
		for _, rule := range n.Spec.Ingress {
			if len(rule.From) == 0 || len(rule.Ports) == 0 {
				t.Errorf("policy %s lets everybody in, or on every port", n.Name)
			}
		}
	}
	if !denied {
		t.Error("no policy denies by default")
	}
	for name, want := range map[string][]int32{
		"Deployment docsvc":      {53, 53, 5432, 9000, 8200, 443, 443, 80},
		"CronJob docsvc-migrate": {53, 53, 5432},
	} {
		slices.Sort(want)
		if got := slices.Sorted(slices.Values(egress[name])); !slices.Equal(got, want) {
			t.Errorf("%s may reach the ports %v, want %v", name, got, want)
		}
	}
}

// TestIngress: what the outside reaches goes to docsvc, but for what is for
// monitoring.
func TestIngress(t *testing.T) {
	objects := build(t)
	services := map[string]*corev1.Service{}
	for _, s := range all[*corev1.Service](objects) {
		services[s.Name] = s
	}
	template := all[*appsv1.Deployment](objects)[0].Spec.Template
	serves := func(name string) bool {
		s := services[name]
		return s != nil && labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(template.Labels))
	}
	ingresses := all[*networkingv1.Ingress](objects)
	if len(ingresses) != 1 || len(ingresses[0].Spec.Rules) != 1 {
		t.Fatalf("%d ingresses", len(ingresses))
	}
	spec := ingresses[0].Spec
	if len(spec.TLS) != 1 || !slices.Contains(spec.TLS[0].Hosts, spec.Rules[0].Host) || spec.TLS[0].SecretName == "" {
		t.Errorf("no TLS for %s", spec.Rules[0].Host)
	}
	got := map[string]bool{}
	for _, p := range spec.Rules[0].HTTP.Paths {
		if services[p.Backend.Service.Name] == nil {
			t.Errorf("%s: no service %s", p.Path, p.Backend.Service.Name)
		}
		got[p.Path] = serves(p.Backend.Service.Name)
	}
	for path, want := range map[string]bool{"/": true, "/metrics": false, "/readyz": false, "/healthz": false} {
		if open, ok := got[path]; !ok || open != want {
			t.Errorf("%s is open: %v (in the ingress: %v)", path, open, ok)
		}
	}
	for _, p := range template.Spec.Containers[0].Ports {
		if s := services["docsvc"].Spec.Ports[0]; s.TargetPort.StrVal != p.Name {
			t.Errorf("service docsvc sends to %s, the pod listens on %s", s.TargetPort.StrVal, p.Name)
		}
	}
}

// TestMonitoring: the operator scrapes the service and no other, and has the
// rules that promtool tested.
func TestMonitoring(t *testing.T) {
	objects := build(t)
	monitors, rules := all[*monitoring.ServiceMonitor](objects), all[*monitoring.PrometheusRule](objects)
	if len(monitors) != 1 || len(rules) != 1 {
		t.Fatalf("%d monitors, %d rules", len(monitors), len(rules))
	}
	var scraped []string
	for _, s := range all[*corev1.Service](objects) {
		if matches(t, &monitors[0].Spec.Selector, s.Labels) {
			scraped = append(scraped, s.Name)
		}
	}
	if !slices.Equal(scraped, []string{"docsvc"}) { // its name is the label job of the rules
		t.Errorf("scrapes %q", scraped)
	}
	var want monitoring.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict(read(t, deploy+"/prometheus/rules.yaml"), &want); err != nil {
		t.Fatal(err)
	}
	a, _ := yaml.Marshal(want)          // neither holds what
	b, _ := yaml.Marshal(rules[0].Spec) // cannot be encoded
	if string(a) != string(b) {
		t.Error("monitoring/prometheusrule.yaml is not prometheus/rules.yaml: go test -run TestRuleFile -update")
	}
}

// TestStrict: the decoding that all of this rests on refuses what is misspelt.
func TestStrict(t *testing.T) {
	for name, text := range map[string]string{
		"unknown field": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selectors: {a: b}}\n",
		"field twice":   "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: ClusterIP, type: NodePort}\n",
		"wrong type":    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: many}\n",
		"unknown kind":  "apiVersion: apps/v1\nkind: Deploymint\nmetadata: {name: a}\n",
	} {
		if _, err := decode([]byte(text)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
